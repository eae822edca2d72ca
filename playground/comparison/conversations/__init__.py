"""Changing sessions: empty ones, lanes, branches, forks, the trash.

Each answer knows the answer that it continues (`previous_id`), and each lane the one that its next turn continues (`head_id`). Choosing a
version or a branch, continuing with another lane's answer and going back before an edit are all the same: the head moves.

Before changing it: a lane whose `run_id` is set is being written, and its head and model are its run's to change.
"""
