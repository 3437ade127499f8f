"""change, flaps, new: what a field said, in the order of event time. Its values outlive the episode."""
from reference import ENDS, HOLDS, RESTS, Condition, Verdict
