package org.sfumato.models.training;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.sfumato.testing.ChildJvm;

class StepGarbageTest {
    /// Bytes for each tensor that a step makes: its handle, shape, layout, storage and entry on the tape, the same for
    /// its operands, and the objects of a kernel. About 2100 were measured.
    private static final int GARBAGE = 3500;

    /// Page faults of a step: none of the engine's, some of the just-in-time compiler's.
    private static final int FAULTS = 2;

    @Test
    void aStepLeavesNothingButHandles() throws Exception {
        var child = ChildJvm.run(StepGarbage.class, null, "-XX:TieredStopAtLevel=4", "-XX:+UseSerialGC", "-Xmn4m",
                "-Dgarbage.bound=" + GARBAGE, "-Dfault.bound=" + FAULTS);
        var found = Pattern.compile("garbage (\\S+) faults (\\S+)").matcher(child.output());
        assertThat(found.find()).as(child.output()).isTrue();
        assertThat(Double.parseDouble(found.group(1))).isLessThanOrEqualTo(GARBAGE);
        assertThat(Double.parseDouble(found.group(2))).isLessThanOrEqualTo(FAULTS);
    }
}
