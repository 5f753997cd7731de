package org.sfumato.cuda.interpreter;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.MemorySegment;
import org.junit.jupiter.api.Test;
import org.sfumato.cuda.Driver.Grid;
import org.sfumato.tensor.Device;
import org.sfumato.tensor.Tensor;

class InterpretedDriverTest {
    @Test
    void memoryIsCopiedFilledAndMoved() {
        var driver = InterpretedDriver.of(8, 0);
        long a = driver.allocate(10);
        long b = driver.allocate(10);
        assertThat(a % 256).isZero();
        assertThat(b - a).as("a red zone lies between").isGreaterThan(256);
        driver.upload(MemorySegment.ofArray(new byte[] {1, 2, 3, 4, 5, 6, 7, 8, 9, 10}), a);
        driver.copy(a + 3, b + 1, 5);
        driver.fill(b + 6, (byte) 77, 2);
        var back = new byte[7];
        driver.download(b + 1, MemorySegment.ofArray(back));
        assertThat(back).containsExactly(4, 5, 6, 7, 8, 77, 77);
        assertThatThrownBy(() -> driver.copy(a, b + 1, 10)).isInstanceOf(Fault.class)
                .hasMessageContaining("copy of 10 bytes");
        assertThatThrownBy(() -> driver.download(b, MemorySegment.ofArray(new byte[11]))).isInstanceOf(Fault.class);
        driver.download(b, MemorySegment.ofArray(new byte[0]));
    }

    @Test
    void freshMemoryIsNotANumberInAnyType() {
        var rig = Rig.of(0, "ret;");
        long fresh = rig.driver.allocate(16);
        assertThat(rig.floatsAt(fresh, 1)[0]).isNaN();
        assertThat(rig.doublesAt(fresh + 8, 1)[0]).isNaN();
        assertThat(Float.float16ToFloat(rig.shortsAt(fresh, 1)[0])).isNaN();
    }

    @Test
    void memoryEnds() {
        var driver = InterpretedDriver.of(8, 0);
        long half = driver.properties().bytes() / 2 + 1;
        long first = driver.allocate(half);
        assertThatThrownBy(() -> driver.allocate(half)).isInstanceOf(OutOfMemoryError.class)
                .hasMessageContaining("bytes left, not " + half);
        driver.free(first);
        driver.allocate(half);
    }

    @Test
    void aGraphNotesAndReplays() {
        var rig = Rig.of(1, """
                .reg .b64 %p; .reg .b32 %v;
                ld.param.u64 %p, [p0];
                ld.global.u32 %v, [%p];
                mad.lo.u32 %v, %v, 10, 1;
                st.global.u32 [%p], %v;
                ret;""");
        var driver = rig.driver;
        long x = rig.ints(5, 0);
        driver.beginCapture();
        rig.launch("k", Grid.of(1, 1), x);
        driver.copy(x, x + 4, 4);
        rig.launch("k", Grid.of(1, 1), x);
        assertThatThrownBy(driver::synchronize).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> rig.intsAt(x, 1)).isInstanceOf(IllegalStateException.class);
        long graph = driver.endCapture();
        assertThat(rig.intsAt(x, 2)).containsExactly(5, 0);
        driver.replay(graph);
        assertThat(rig.intsAt(x, 2)).containsExactly(511, 51);
        driver.replay(graph);
        assertThat(rig.intsAt(x, 2)).containsExactly(51111, 5111);
        driver.discard(graph);
        assertThatThrownBy(() -> driver.replay(graph)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(driver::endCapture).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void kernelsThatAModuleDoesNotHave() {
        var driver = InterpretedDriver.of(8, 0);
        long module = driver.load("m", ".visible .entry k() { ret; }");
        assertThatThrownBy(() -> driver.function(module, "l")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContainingAll("m has no kernel 'l'", "hint: it has [k]");
    }

    @Test
    void theDevicesOfTheTestsAreOpenedByName() {
        for (var name : new String[] {"ptx", "ptx:1"}) {
            var x = Tensor.of(new float[] {1, 2, 3}).to(Device.of(name));
            assertThat(x.mul(2).add(x).to(Device.CPU).toFloats()).containsExactly(3, 6, 9);
        }
    }
}
