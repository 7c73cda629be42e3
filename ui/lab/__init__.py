"""The Lab tab: how a model reads, chooses and searches. Each of its inner tabs is a panel in a module of its own."""

from ui.lab.tab import LabTab

__all__ = ["LabTab"]
