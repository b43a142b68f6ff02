"""DingTalk 钉钉: approvals in; comments, the end of a clearance task and to-dos out."""
