"""System.Collections and System.Collections.Generic: lists, dictionaries, sets, queues; what all sequences share."""
