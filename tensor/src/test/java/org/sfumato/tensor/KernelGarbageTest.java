package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.sfumato.testing.ChildJvm;

class KernelGarbageTest {
    /// What a kernel may leave: its own few objects, and those of each chunk of work. The operands have thousands of
    /// vectors and hundreds of rows: one vector boxed for each row would be five times as much.
    private static final long BOUND = 8192;

    /// C2 boxes the vectors of a method that has become too large to inline all of it: a kernel is then many times
    /// slower, and nothing but its garbage shows why.
    @Test
    void compiledKernelsLeaveNoVectors() throws Exception {
        var child = ChildJvm.run(KernelGarbage.class, null, "-XX:TieredStopAtLevel=4", "-XX:+UseSerialGC",
                "-XX:-BackgroundCompilation",       // else lane after lane is computed meanwhile
                "-Dgarbage.bound=" + BOUND);
        assertThat(child.output()).contains("kernels called").doesNotContain("leaves");
        assertThat(child.status()).isZero();
    }
}
