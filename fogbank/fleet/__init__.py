"""The processes that serve one state together: how they wake each other, who runs the tasks, what all of them must hear of."""
