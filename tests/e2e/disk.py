"""File systems of a test's own: small ones that fill up, and ones whose power can be cut. Needs root and loop devices."""
import os
import pathlib
import shutil
import subprocess
import unittest

from harness import wait_until

MB = 1024 * 1024
PLACES = "/usr/sbin:/sbin:/usr/bin:/bin"


def run(*command):
    return subprocess.run(command, capture_output=True, text=True)


class Disk:
    """An image of `megabytes` with a file system, mounted beside it until the test is over. Skips the test where that cannot be had."""

    MAKE = {"ext4": ["mkfs.ext4", "-q", "-F", "-m", "0"], "xfs": ["mkfs.xfs", "-q", "-f"]}

    def __init__(self, test, directory, megabytes, system="ext4"):
        if os.geteuid():
            raise unittest.SkipTest("mounting needs root")
        if not shutil.which(self.MAKE[system][0], path=PLACES):
            raise unittest.SkipTest(f"{self.MAKE[system][0]} is not installed")
        self.image = pathlib.Path(directory) / f"{system}.image"
        self.path = pathlib.Path(directory) / f"{system}.disk"
        self.path.mkdir(parents=True)
        with open(self.image, "wb") as image:
            image.truncate(megabytes * MB)
        self._must(*self.MAKE[system], str(self.image))
        self._must(*self._mounting())
        test.addCleanup(self._end, test)

    def _must(self, *command):
        done = run(*command)
        if done.returncode:
            raise unittest.SkipTest(f"no file system for this test: {' '.join(command)}: {done.stderr.strip()}")

    def _end(self, test):
        for vedette in test.daemons:
            vedette.kill()  # it holds the file system
        self.unmount()

    def _mounting(self):
        return "mount", "-o", "loop", str(self.image), str(self.path)

    def mount(self):
        """Again: a file system that does not come back is what the test is about."""
        mounted = run(*self._mounting())
        if mounted.returncode:
            raise AssertionError(mounted.stderr)

    def unmount(self):
        """A child of a daemon that was killed may hold it for a moment longer: between fork and exec it has all descriptors."""
        def done():
            tried = run("umount", str(self.path))
            if tried.returncode and "busy" not in tried.stderr and "not mounted" not in tried.stderr:
                raise AssertionError(tried.stderr)
            return "busy" not in tried.stderr

        wait_until(done, f"{self.path} is unmounted")

    def need_power_cuts(self):
        """Skips the test where no power can be cut."""
        if not shutil.which("xfs_io", path=PLACES):
            raise unittest.SkipTest("xfs_io is not installed (xfsprogs)")

    def cut_power(self):
        """What was not synced is gone, and nothing can be written any more."""
        self._must("xfs_io", "-x", "-c", "shutdown", str(self.path))

    # --- room ---

    def fill(self, leave=0):
        """Leaves `leave` bytes of room; returns what holds the rest, to be unlinked."""
        ballast = self.path / "ballast"
        with open(ballast, "wb", buffering=0) as file:
            size = MB
            while size >= 512:
                try:
                    while self.room() > leave + size or size == 512:
                        file.write(b"x" * size)
                except OSError:
                    pass
                size //= 2
            os.fsync(file.fileno())
        return ballast

    def room(self):
        facts = os.statvfs(self.path)
        return facts.f_bavail * facts.f_frsize
