"""Asking the system to run this process before all others: SCHED_FIFO, rtkit, or MMCSS."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys

from assistant.readiness import Readiness

PRIORITY = 60
"""Below JACK's own threads (70 and more where it runs in real time), above everything that is not audio."""

_RTKIT_PRIORITY = 10
_RLIMIT_RTTIME = 15
_RTTIME_MICROSECONDS = 200_000
_LOCK_ALL = 1 | 2
_LINUX_REMEDY = "put yourself into the group audio and give it rtprio 95 in /etc/security/limits.d, or install rtkit"


def ask_for_realtime() -> Readiness:
    """Asks for this thread and those it starts, and keeps the process's memory from being swapped out.

    `ready` names what was granted; else the process runs as any other.
    """
    if sys.platform == "win32":
        return _ask_mmcss()
    if not hasattr(os, "sched_setscheduler"):
        return Readiness("missing", "this system gives real-time priority to audio threads only")
    _lock_memory()
    try:
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(PRIORITY))
    except OSError:
        return _ask_rtkit()
    return Readiness("ready", f"real-time priority {PRIORITY} (SCHED_FIFO)")


def _ask_rtkit() -> Readiness:
    """rtkit gives real-time priority to users who have no right to it, if the process limits its own greed."""
    refused = Readiness("missing", "the system grants no real-time priority", _LINUX_REMEDY)
    if sys.platform == "win32" or shutil.which("busctl") is None:
        return refused
    import resource

    service = "org.freedesktop.RealtimeKit1"
    call = ["busctl", "call", service, "/org/freedesktop/RealtimeKit1", service, "MakeThreadRealtimeWithPID", "ttu"]
    try:
        resource.setrlimit(_RLIMIT_RTTIME, (_RTTIME_MICROSECONDS, _RTTIME_MICROSECONDS))
        subprocess.run(
            [*call, str(os.getpid()), str(os.getpid()), str(_RTKIT_PRIORITY)],
            check=True,
            capture_output=True,
            timeout=2,
        )
    except (OSError, ValueError, subprocess.SubprocessError):
        return refused
    return Readiness("ready", f"real-time priority {_RTKIT_PRIORITY} (rtkit)")


def _lock_memory() -> None:
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mlockall(_LOCK_ALL)


def _ask_mmcss() -> Readiness:
    # A timer of 1 ms, or waits end up to 15 ms late.
    if sys.platform != "win32":
        raise AssertionError("MMCSS is a part of Windows")
    ctypes.windll.winmm.timeBeginPeriod(1)
    task = ctypes.c_ulong(0)
    granted = ctypes.windll.avrt.AvSetMmThreadCharacteristicsW("Pro Audio", ctypes.byref(task))
    if not granted:
        return Readiness("missing", "Windows grants no multimedia priority", "start the service MMCSS")
    return Readiness("ready", "multimedia priority Pro Audio (MMCSS)")
