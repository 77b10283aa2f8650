"""The operator channel's shells: the gateway of the service, and the agent beside the performer's tracking."""
