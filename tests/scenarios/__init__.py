"""Days in the life: given these feeds, at this hour, the inbox holds that."""
