"""Jobs: each owner's ended ones thin out by themselves, never what somebody waits for or an archive fills."""

from __future__ import annotations

import pytest

from rag import jobs
from rag.jobs import Job, Jobs


def ended(key: str, owner: str, part_of: str = "") -> Job:
    return Job(key, owner, key, "failed", status="failed", part_of=part_of)


def many(count: int, owner: str, part_of: str = "") -> list[Job]:
    return [ended(f"{owner}{part_of}{n}", owner, part_of) for n in range(count)]


@pytest.fixture
def stale(monkeypatch) -> Jobs:
    """Jobs of which none is fresh."""
    monkeypatch.setattr(jobs, "_FRESH_S", 0.0)
    return Jobs()


def test_what_has_just_ended_can_be_waited_for_however_many_they_are():
    listed = Jobs()
    for job in many(230, "luis"):
        listed.put(job)
    ids = [job.id for job in many(230, "luis")]
    assert [job.id for job in list(listed.wait("luis", ids))[-1]] == ids


def test_the_oldest_go_of_the_owner_who_has_many(stale):
    stale.put(ended("one", "ana"))
    for job in many(230, "luis"):
        stale.put(job)
    assert [job.id for job in stale.of("ana")] == ["one"]
    assert [job.id for job in stale.of("luis")] == [job.id for job in many(230, "luis")[-200:]]


def test_what_is_waited_for_or_part_of_something_open_stays(stale):
    stale.put(Job("zip", "luis", "a.zip", kind="archive"))
    for job in many(210, "luis", "zip"):
        stale.put(job)
    waiting = stale.wait("luis", ["own"])
    stale.put(ended("own", "luis"))
    next(waiting)
    for job in many(210, "luis"):
        stale.put(job)
    kept = {job.id for job in stale.of("luis")}
    assert {"own", "zip"} | {job.id for job in many(210, "luis", "zip")} <= kept
    waiting.close()
    stale.update("zip", stage="done")
    stale.put(ended("last", "luis"))
    assert len(stale.of("luis")) == 200
