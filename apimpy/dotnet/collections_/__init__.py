"""System.Collections and System.Collections.Generic: lists, dictionaries, sets, queues, and the interfaces of all sequences."""
