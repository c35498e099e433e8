"""The machines that can be imitated here, without installing any of them."""

import sys
from pathlib import Path

import pytest
import replica_machines as machines
from packaging.specifiers import SpecifierSet

FEATURES = ["X86_V3", "X86_V4", "AVX512_ICL"]


def its_own(core):
    """An OpenBLAS with all kernels."""
    return core


def by_name(*arguments):
    return {machine.name: machine for machine in machines.processors(*arguments)}


def test_processors_without_avx_512_have_it_switched_off_in_numpy_too():
    found = by_name(FEATURES, "x86_64", its_own)
    assert set(found) == {"haswell", "zen", "skylakex", "nehalem"}
    assert found["haswell"].settings["OPENBLAS_CORETYPE"] == "Haswell"
    assert found["zen"].settings["NPY_DISABLE_CPU_FEATURES"] == "X86_V4 AVX512_ICL"
    assert "NPY_DISABLE_CPU_FEATURES" not in found["skylakex"].settings
    assert found["nehalem"].settings["NPY_DISABLE_CPU_FEATURES"] == "X86_V3 X86_V4 AVX512_ICL"
    assert all(machine.processor for machine in found.values())


def test_a_kernel_that_openblas_lacks_is_told_and_tried_less_often():
    found = by_name(FEATURES, "x86_64", {"Zen": "Haswell"}.get)
    assert found["zen"].what == "an AMD laptop, AVX2; OpenBLAS computes it as Haswell"
    assert found["zen"].core == "Haswell"
    assert not found["zen"].processor


def test_what_the_processor_lacks_is_not_imitated():
    assert "skylakex" not in by_name(["X86_V3"], "AMD64", its_own)
    assert machines.processors([], "arm64", its_own) == []


def test_this_machine_and_two_threads_are_always_there():
    found = machines.machines()
    assert found["here"].settings == {}
    assert set(found["threads-2"].settings.values()) == {"2"}
    assert {"numpy-oldest", "numpy-newest"} <= set(found)


def test_the_oldest_numpy_is_the_highest_of_the_lower_bounds():
    assert machines.oldest_numpy(SpecifierSet(">=1.24,<3,>=2.0.2,!=2.1")) == "2.0.2"
    with pytest.raises(machines.NotAtHand, match="which NumPy is the oldest"):
        machines.oldest_numpy(SpecifierSet("<3"))


def test_what_is_allowed_comes_from_the_packages_that_are_installed():
    import numpy as np

    allowed = machines.allowed_numpy()
    assert np.__version__ in allowed
    assert "1.0" not in allowed


def test_the_hooks_come_before_what_is_laid_over_the_packages(tmp_path):
    def prepare(folder):
        return Path("other/python"), [folder]

    machine = machines.Machine("old", "an old NumPy", {"A": "1"}, prepare)
    python, settings = machines.environment_of(machine, tmp_path)
    hooks, overlay = settings["PYTHONPATH"].split(machines.os.pathsep)
    assert python == Path("other/python")
    assert settings["A"] == "1"
    assert (Path(hooks) / "sitecustomize.py").is_file()
    assert overlay == str(tmp_path / "old")
    assert machines.environment_of(machines.Machine("here", ""), tmp_path)[0] == Path(
        sys.executable
    )


def test_a_folder_that_was_not_finished_is_filled_anew(tmp_path):
    folder, made = tmp_path / "numpy", []

    def make():
        assert not folder.exists()
        folder.mkdir()
        made.append(folder)

    def stop():
        folder.mkdir()
        raise machines.NotAtHand("the network went away")

    with pytest.raises(machines.NotAtHand):
        machines.finished(folder, stop)
    for _ in range(2):
        machines.finished(folder, make)
    assert len(made) == 1


def test_pip_that_fails_is_quoted(tmp_path):
    with pytest.raises(machines.NotAtHand, match=r"pip said: .*no-such"):
        machines.pip(Path(sys.executable), "--no-index", "no-such-package-of-anybody")
