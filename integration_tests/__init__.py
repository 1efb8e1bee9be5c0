"""The connector as users run it, against an emulator of Zendesk; the demo, too."""
