"""A SLURM cluster of three nodes on this host, for tests: real munged, slurmctld and slurmd, started by whoever tests.

Nodes `n1` and `n2` make the partition `cpu`, `n3` with one GPU (a make-believe one, /dev/null) the partition `gpu`.
SLURM polls what jobs hold in memory and ends those that exceed what they asked for; a node that goes down has its jobs
queued again. There is no accounting: `squeue` knows of finished jobs for an hour.
"""

import contextlib
import getpass
import os
import re
import signal
import socket
import subprocess
import time
from pathlib import Path

from needed import program

NODES = ("n1", "n2", "n3")

CONFIGURATION = """
ClusterName=test
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ports[0]}
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket,cred_expire=20
CredType=cred/munge
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/%n
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/%n.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/%n.log
SlurmdParameters=config_overrides
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
SchedulerParameters=bf_interval=2,sched_interval=2
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task=1
JobAcctGatherParams=OverMemoryKill,UsePss
AccountingStorageType=accounting_storage/none
JobCompType=jobcomp/none
MinJobAge=3600
KillWait=2
ReturnToService=1
GresTypes=gpu
NodeName=n1 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[1]} CPUs=2 RealMemory=32000
NodeName=n2 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[2]} CPUs=2 RealMemory=32000
NodeName=n3 NodeHostname={host} NodeAddr=127.0.0.1 Port={ports[3]} CPUs=2 RealMemory=32000 Gres=gpu:1
PartitionName=cpu Nodes=n1,n2 Default=YES State=UP
PartitionName=gpu Nodes=n3 State=UP
"""


class Cluster:
    """A running cluster; `environment` is what commands of SLURM need to reach it."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.environment = {"SLURM_CONF": str(folder / "slurm.conf"), "PATH": f"{folder}/bin:{os.environ['PATH']}"}
        self._write()

    def _write(self):
        for name in ("state", "bin", *NODES):
            (self.folder / name).mkdir()
        ports = _free_ports(4)
        text = CONFIGURATION.format(folder=self.folder, host=socket.gethostname(), user=getpass.getuser(), ports=ports)
        (self.folder / "slurm.conf").write_text(text)
        (self.folder / "gres.conf").write_text("NodeName=n3 Name=gpu File=/dev/null\n")
        (self.folder / "munge.key").write_bytes(os.urandom(1024))
        (self.folder / "munge.key").chmod(0o400)
        # Within a job Snakemake's plugin takes SLURM's variables, SLURM_CONF too, from the environment: clusters have
        # their configuration where SLURM looks for it.
        srun = self.folder / "bin" / "srun"
        srun.write_text(f'#!/bin/sh\nSLURM_CONF={self.folder}/slurm.conf exec {program("srun")} "$@"\n')
        srun.chmod(0o755)

    def __enter__(self):
        try:
            munge = {"key-file": "key", "socket": "socket", "pid-file": "pid", "log-file": "log", "seed-file": "seed"}
            files = [f"--{option}={self.folder}/munge.{suffix}" for option, suffix in munge.items()]
            self._start("munged", "--force", *files)
            self._start("slurmctld")
            for node in NODES:
                self._start("slurmd", "-N", node)
            self.wait(lambda: set(self.states().values()) == {"IDLE"}, "all nodes idle")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        if (self.folder / "slurmctld.pid").exists():
            self.slurm("scancel", "--user", getpass.getuser(), check=False)
            with contextlib.suppress(AssertionError):
                self.wait(lambda: not self.slurm("squeue", "--noheader", check=False).strip(), "no job", limit_s=20)
        for name in (*NODES, "slurmctld", "munge"):
            _end(self.folder / f"{name}.pid")
        self._end_left_over()

    def slurm(self, *command: str, check: bool = True) -> str:
        """What a command of SLURM prints."""
        done = subprocess.run(
            command, env=os.environ | self.environment, capture_output=True, text=True, timeout=60, check=False
        )
        assert not check or done.returncode == 0, f"{command}: {done.stderr}{self.log()}"
        return done.stdout

    def states(self) -> dict[str, str]:
        """State of every node, such as IDLE, MIXED, DRAINED."""
        lines = self.slurm("sinfo", "--Node", "--noheader", "--format=%N %T").split("\n")
        return {name: state.upper().rstrip("*") for name, state in (line.split() for line in lines if line)}

    def set_state(self, node: str, state: str) -> None:
        """Drain, down or resume a node. The jobs of one that goes down are ended and queued again."""
        self.slurm("scontrol", "update", f"nodename={node}", f"state={state}", "reason=test")

    def jobs(self) -> list[dict[str, str]]:
        """All jobs, finished ones too, as `scontrol show job` has them: JobId, Comment, JobState, Partition ..."""
        lines = self.slurm("scontrol", "show", "job", "--oneliner").splitlines()
        return [dict(re.findall(r"(\S+?)=(\S*)", line)) for line in lines if line.startswith("JobId=")]

    def log(self) -> str:
        """The ends of the daemons' logs."""
        return "".join(
            f"\n{path.name}:\n{path.read_text(errors='replace')[-2000:]}" for path in sorted(self.folder.glob("*.log"))
        )

    def wait(self, true, what: str, limit_s: float = 60) -> None:
        """Wait until `true()`; fails, naming `what`, after a time that no healthy machine needs."""
        end = time.monotonic() + limit_s
        while not true():
            assert time.monotonic() < end, f"waited for {what}: {self.states()}{self.log()}"
            time.sleep(0.2)

    def _end_left_over(self):
        """End what jobs of a node that went down left behind, found by their environment."""
        for path in Path("/proc").glob("[0-9]*/environ"):
            with contextlib.suppress(OSError):  # it has ended, or is somebody else's
                if f"SLURM_CONF={self.folder}/".encode() in path.read_bytes() and int(path.parent.name) != os.getpid():
                    os.kill(int(path.parent.name), signal.SIGKILL)

    def _start(self, name, *arguments):
        done = subprocess.run(
            [program(name), *arguments],
            env=os.environ | self.environment,
            stdout=subprocess.DEVNULL,
            stderr=(self.folder / f"{name}.start.log").open("w"),
            timeout=60,
        )
        assert done.returncode == 0, f"{name} did not start:{self.log()}"


def _free_ports(n) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(n)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def _end(pid_file):
    """End the daemon that wrote a file of its process id, and wait until it is gone."""
    if not pid_file.exists():
        return
    pid = int(pid_file.read_text())
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGTERM)
        for _ in range(100):
            os.kill(pid, 0)
            time.sleep(0.1)
        os.kill(pid, signal.SIGKILL)
