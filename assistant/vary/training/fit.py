"""Training in bounded time, with a validation curve; what was interrupted goes on where it was."""

from __future__ import annotations

import json
import math
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

from assistant.vary.learned.network import Shape
from assistant.vary.training.batches import Batch, sorted_batches
from assistant.vary.training.exercises import Rendered, rendered
from assistant.vary.training.practice import Practice
from assistant.vary.training.torch_model import Variations


@dataclass(frozen=True, slots=True)
class Plan:
    """How long and how to train. `pool` exercises are drawn at a time and sorted into batches of like length."""

    minutes: float = 40.0
    peak_rate: float = 1.2e-3
    warm_updates: int = 200
    steps_a_batch: int = 1000
    pool: int = 2400
    decay: float = 0.05
    averaging: float = 0.998
    smoothing: float = 0.0
    report_seconds: float = 240.0
    threads: int = 1
    seed: int = 1
    trials: int = 500


@dataclass(slots=True)
class Progress:
    """Where a training run stands; `seconds` is time spent training."""

    updates: int = 0
    steps: int = 0
    seconds: float = 0.0


def tensors(batch: Batch) -> tuple[Tensor, ...]:
    whole = (batch.source, batch.written, batch.centres, batch.chords, batch.condition, batch.lengths, batch.pitches)
    return (*(torch.from_numpy(array.astype(np.int64)) for array in whole), torch.from_numpy(batch.weights))


def losses(model: torch.nn.Module, batch: Batch, smoothing: float = 0.0) -> tuple[Tensor, Tensor, Tensor]:
    """Summed nats of the lengths and of the pitches of the steps that count, and how many these are."""
    source, written, centres, chords, asked, lengths, pitches, weights = tensors(batch)
    length_scores, pitch_scores = model(source, written, centres, chords, asked, lengths)
    of_length = functional.cross_entropy(
        length_scores.transpose(1, 2), lengths, reduction="none", label_smoothing=smoothing
    )
    of_pitch = functional.cross_entropy(
        pitch_scores.transpose(1, 2), pitches, reduction="none", label_smoothing=smoothing
    )
    return (of_length * weights).sum(), (of_pitch * weights).sum(), weights.sum()


def bits(model: torch.nn.Module, batches: list[Batch]) -> tuple[float, float]:
    """Bits a step for lengths and pitches."""
    model.eval()
    with torch.no_grad():
        total = torch.stack([torch.stack(losses(model, batch)) for batch in batches]).sum(0)
    model.train()
    return tuple((total[:2] / total[2] / math.log(2)).tolist())


def trials(practice: Practice, count: int = 500) -> dict[str, list[Batch]]:
    """What the validation curve is measured on: always the same."""
    asked = [rendered(practice.draw("vary", plain=True)) for _ in range(count)]
    unasked = [unconditioned(exercise) for exercise in asked]
    gaps = [rendered(practice.draw("infill")) for _ in range(count)]
    return {
        name: sorted_batches(exercises, 4000)
        for name, exercises in {"asked": asked, "unasked": unasked, "infill": gaps}.items()
    }


def unconditioned(exercise: Rendered) -> Rendered:
    from dataclasses import replace

    from assistant.vary.learned.controls import SYMBOLS

    condition = exercise.condition.copy()
    condition[2:] = np.array(SYMBOLS) - 1
    return replace(exercise, condition=condition)


def exercises(practice: Practice, plan: Plan) -> Iterator[Batch]:
    while True:
        batches = sorted_batches([rendered(practice.draw()) for _ in range(plan.pool)], plan.steps_a_batch)
        practice.random.shuffle(batches)
        yield from batches


def rate(plan: Plan, progress: Progress) -> float:
    share = min(1.0, progress.seconds / (60 * plan.minutes))
    warm = min(1.0, (progress.updates + 1) / plan.warm_updates)
    return plan.peak_rate * warm * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * share)))


def fit(
    practice: Practice,
    validation: Practice,
    folder: Path,
    *,
    plan: Plan,
    shape: Shape,
    report: Callable[[str], None],
    start_from: Path | None = None,
    clock: Callable[[], float] = time.monotonic,
    told: Callable[[float], None] = lambda _: None,
    measured: Callable[[Mapping[str, Any], Variations], None] = lambda _, __: None,
) -> Variations:
    """Train until the plan's time is spent by `clock`; `folder` holds the state to go on from.

    All that is done counts, drawing and measuring too. `start_from`: a state or a shipped model to begin with. `told`
    hears the share of the time that is spent, `measured` each point of the validation curve, the first before anything
    was learned, and the model as it is then.

    The learning rate falls with the time that is spent, so that a run that was cut off or slowed down ends well too.
    `time.process_time` as the clock makes a run on a busy machine like one on an idle machine, at the cost of its end.
    """
    torch.manual_seed(plan.seed)
    torch.set_num_threads(plan.threads)
    model = Variations(shape)
    if start_from is not None:
        model.load_state_dict(weights_in(start_from))
    averaged = torch.optim.swa_utils.AveragedModel(
        model, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(plan.averaging)
    )
    rule = torch.optim.AdamW(model.parameters(), plan.peak_rate, betas=(0.9, 0.98), weight_decay=plan.decay, fused=True)
    progress = Progress()
    state_path = folder / "state.pt"
    if state_path.exists():
        state = torch.load(state_path, weights_only=False)
        model.load_state_dict(state["model"])
        averaged.load_state_dict(state["average"])
        rule.load_state_dict(state["rule"])
        progress = Progress(**state["progress"])
        practice.random.seed(plan.seed + progress.updates)
    exams = trials(validation, plan.trials)
    recent: list[float] = []
    last_report = progress.seconds

    def examine() -> None:
        found = {name: bits(averaged.module, batches) for name, batches in exams.items()}
        line: dict[str, float | list[float]] = {"minutes": round(progress.seconds / 60, 2)}
        line |= {"updates": progress.updates, "steps": progress.steps}
        line |= {"train": round(float(np.mean(recent)), 3)} if recent else {}
        line |= {name: [round(a, 3), round(b, 3), round(a + b, 3)] for name, (a, b) in found.items()}
        report(json.dumps(line))
        measured(line, averaged.module)
        save(state_path, model, averaged, rule, progress, shape)

    if progress.updates == 0:
        examine()
    elif progress.seconds >= 60 * plan.minutes:
        return cast(Variations, averaged.module)
    mark = clock()
    for batch in exercises(practice, plan):
        for group in rule.param_groups:
            group["lr"] = rate(plan, progress)
        of_length, of_pitch, steps = losses(model, batch, plan.smoothing)
        loss = (of_length + of_pitch) / steps.clamp(min=1)
        rule.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        rule.step()
        averaged.update_parameters(model)
        progress.updates += 1
        progress.steps += int(steps)
        now = clock()
        progress.seconds, mark = progress.seconds + now - mark, now
        recent = [*recent[-199:], float(loss.detach()) / math.log(2)]
        share = progress.seconds / (60 * plan.minutes)
        told(min(1.0, share))
        if share >= 1 or progress.seconds - last_report > plan.report_seconds:
            last_report = progress.seconds
            examine()
        if share >= 1:
            break
    return cast(Variations, averaged.module)


def weights_in(path: Path) -> dict[str, Tensor]:
    """The averaged weights of a state, or those of a model as it ships."""
    if path.suffix != ".npz":
        found: dict[str, Tensor] = torch.load(path, weights_only=False)["averaged"]
        return found
    with np.load(path) as stored:
        return {name: torch.from_numpy(stored[name].astype(np.float32)) for name in stored.files if name != "shape"}


def save(path: Path, model: Variations, averaged: Any, rule: Any, progress: Progress, shape: Shape) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(
        {
            "model": model.state_dict(),
            "average": averaged.state_dict(),
            "averaged": averaged.module.state_dict(),
            "rule": rule.state_dict(),
            "progress": asdict(progress),
            "shape": asdict(shape),
        },
        part,
    )
    part.replace(path)
