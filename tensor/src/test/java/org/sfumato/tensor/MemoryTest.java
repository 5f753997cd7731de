package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.sfumato.tensor.spi.Backend;
import org.sfumato.testing.ChildJvm;

/// The account of memory: what is live, the peak, who holds it, what was leaked.
class MemoryTest {
    private static final Memory MEMORY = Memory.current(Settings.current().device());

    private static Memory.Share share(String op) {
        return MEMORY.shares().stream().filter(s -> s.op().equals(op)).findFirst()
                .orElse(new Memory.Share(op, 0, 0, 0));
    }

    @Test
    void liveBytesRiseAndFallWithTensors() {
        long before = MEMORY.live();
        var x = Tensor.zeros(1000);
        long bytes = x.operand().buffer().bytes();
        assertThat(bytes).isGreaterThanOrEqualTo(4000);
        assertThat(MEMORY.live()).isEqualTo(before + bytes);
        var view = x.reshape(10, 100).t();
        assertThat(MEMORY.live()).isEqualTo(before + bytes);
        view.close();
        assertThat(MEMORY.live()).isEqualTo(before);
    }

    @Test
    void thePeakIsTheMostThatWasEverLive() {
        MEMORY.resetPeak();
        long before = MEMORY.live();
        assertThat(MEMORY.peak()).isEqualTo(before);
        Scope.temporary(() -> {
            Tensor.zeros(1 << 16);
            Tensor.zeros(1 << 16).close();
            Tensor.zeros(1 << 16);
        });
        assertThat(MEMORY.live()).isEqualTo(before);
        assertThat(MEMORY.peak() - before).isBetween(2L << 18, 3L << 18);
        MEMORY.resetPeak();
        assertThat(MEMORY.peak()).isEqualTo(before);
    }

    @Test
    void sharesNameTheOperation() {
        var before = share("concat");
        Scope.temporary(() -> {
            var x = Tensor.ones(8);
            for (int i = 0; i < 3; i++) {
                Tensor.concat(0, x, x);
            }
            var within = share("concat");
            assertThat(within.count() - before.count()).isEqualTo(3);
            assertThat(within.liveCount() - before.liveCount()).isEqualTo(3);
            assertThat(within.liveBytes() - before.liveBytes()).isGreaterThanOrEqualTo(3 * 64);
            assertThat(MEMORY.report()).contains("concat").contains("live").contains("peak");
        });
        assertThat(share("concat").liveCount()).isEqualTo(before.liveCount());
        assertThat(share("concat").liveBytes()).isEqualTo(before.liveBytes());
    }

    @Test
    void aTensorAbandonedOutsideEveryScopeIsFreedLateAndCounted() throws InterruptedException {
        MEMORY.clearLeaks();
        long before = MEMORY.live();
        abandon();
        assertThat(MEMORY.live()).isGreaterThanOrEqualTo(before + 5 * 4000);
        LongSupplier leaked = () -> MEMORY.leaks().stream().filter(l -> l.op().equals("matmul"))
                .mapToLong(Memory.Leak::count).sum();
        for (int i = 0; i < 200 && leaked.getAsLong() < 5; i++) {
            System.gc();
            Thread.sleep(10);
        }
        assertThat(leaked.getAsLong()).isEqualTo(5);
        assertThat(MEMORY.leaks()).anySatisfy(leak -> {
            assertThat(leak.op()).isEqualTo("matmul");
            assertThat(leak.bytes()).isGreaterThanOrEqualTo(5 * 4000);
            assertThat(leak.where()).isEmpty();
        });
        assertThat(MEMORY.report()).contains("leaked").contains("made by matmul");
        MEMORY.clearLeaks();
        assertThat(MEMORY.leaks()).isEmpty();
    }

    private static void abandon() {
        for (int i = 0; i < 5; i++) {
            Tensor.zeros(100, 1).matmul(Tensor.zeros(1, 10));
        }
    }

    @Test
    void whatIsClosedByHandIsNoLeak() throws InterruptedException {
        MEMORY.clearLeaks();
        for (int i = 0; i < 5; i++) {
            Tensor.concat(0, Tensor.ones(1)).close();
        }
        System.gc();
        Thread.sleep(50);
        assertThat(MEMORY.leaks()).noneMatch(leak -> leak.op().equals("concat"));
    }

    @Test
    void anInputIsNotFreedWhileItsKernelRunsThoughNobodyNamesItAnyMore(@TempDir Path folder) throws Exception {
        var services = Files.createDirectories(folder.resolve("META-INF/services"));
        Files.writeString(services.resolve(Backend.class.getName()), CollectingBackend.class.getName());
        var child = ChildJvm.run(CollectingBackend.class, folder, "-Dsfumato.device=collecting",
                "-Xcomp", "-XX:CompileCommand=quiet", "-XX:CompileCommand=compileonly,org.sfumato.*::*");
        assertThat(child.output()).contains("sum 6.0").contains("assigned 3.0");        // compiled code forgets early
        assertThat(child.status()).isZero();
    }
}
