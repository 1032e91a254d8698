"""Who may: policies, access control lists, tags, who owns and who pays."""
