"""The power fails under load: what was answered had been synced, and is there when the file system is mounted again."""
import os
import random

from disk import Disk
from harness import VedetteTest
from ledger import LEDGER_RULE, Ledger, ledger_config
from test_crashes import Load

CUTS = 60 if os.environ.get("VEDETTE_SOAK") else 4


class PowerCut(VedetteTest):
    def cut_again_and_again(self, system, megabytes):
        seed = int(os.environ.get("VEDETTE_SEED", random.randrange(2**32)))
        moments = random.Random(seed)
        print(f"VEDETTE_SEED={seed}")
        disk = Disk(self, self.directory, megabytes, system)
        disk.need_power_cuts()
        ledger = Ledger()
        vedette = self.vedette(start=False, config=ledger_config().replace("state: state", f"state: {disk.path}/state"), rules={"ci.yaml": LEDGER_RULE})
        for _ in range(CUTS):
            vedette.start()
            load = Load(ledger, vedette)
            try:
                load.over.wait(moments.uniform(0.05, 0.5))
                disk.cut_power()
            finally:  # whatever came of the cut, nobody goes on sending for ever
                vedette.kill()
                load.end()
            vedette.process.stdout.close()
            disk.unmount()
            disk.mount()
        vedette.start()
        ledger.check(self, vedette)
        self.assertGreater(len(ledger.answered), CUTS)
        vedette.stop()

    def test_s02_h19_a_power_cut_on_ext4_loses_nothing_that_was_answered(self):
        self.cut_again_and_again("ext4", 128)

    def test_s02_h19_a_power_cut_on_xfs_loses_nothing_that_was_answered(self):
        self.cut_again_and_again("xfs", 320)
