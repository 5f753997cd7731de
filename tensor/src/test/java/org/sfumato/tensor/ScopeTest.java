package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.Test;

/// Who owns what, and that freed memory is never touched.
class ScopeTest {
    private static final Device DEVICE = Settings.current().device();

    private static Tensor two() {
        return Tensor.of(1f, 2f);
    }

    @Test
    void closingFreesWhatWasMadeInside() {
        Tensor inner;
        Tensor outer;
        try (var scope = Scope.open("outer")) {
            outer = scope.call(ScopeTest::two);
            try (var nested = scope.call(() -> Scope.open("inner"))) {
                inner = nested.call(() -> two().add(1L));
                assertThat(nested.size()).isEqualTo(3);                    // the operand, the number, the sum
            }
            assertThat(inner.isClosed()).isTrue();
            assertThat(outer.isClosed()).isFalse();
            assertThat(outer.toFloats()).containsExactly(1, 2);
        }
        assertThat(outer.isClosed()).isTrue();
    }

    @Test
    void keepHandsToTheScopeAround() {
        var kept = new AtomicReference<Tensor>();
        try (var outer = Scope.open("outer")) {
            outer.run(() -> Scope.temporary(() -> Scope.temporary(() -> kept.set(two().keep()))));
            assertThat(kept.get().isClosed()).isTrue();                     // one level only
            outer.run(() -> Scope.temporary(() -> Scope.temporary(() -> kept.set(two().keep().keep()))));
            assertThat(kept.get().toFloats()).containsExactly(1, 2);
            assertThat(outer.size()).isOne();
        }
        assertThat(kept.get().isClosed()).isTrue();
    }

    @Test
    void aKeptViewKeepsItsMemory() {
        try (var outer = Scope.open("outer")) {
            var view = outer.call(() -> Scope.result(() -> Tensor.of(new float[] {1, 2, 3, 4}, 2, 2).t().select(0, 1)));
            assertThat(view.toFloats()).containsExactly(2, 4);
        }
    }

    @Test
    void resultKeepsTheResultOnly() {
        try (var outer = Scope.open("outer")) {
            var before = Memory.current(DEVICE).live();
            var sum = outer.call(() -> Scope.result(() -> two().add(1L).mul(3L).sum()));
            assertThat(sum.item()).isEqualTo(15);
            assertThat(outer.size()).isOne();
            assertThat(Memory.current(DEVICE).live() - before).isEqualTo(sum.operand().buffer().bytes());
            var both = outer.call(() -> Scope.results(() -> new Tensor[] {two(), null, two()}));
            assertThat(both[0].isClosed() || both[2].isClosed()).isFalse();
        }
    }

    @Test
    void anErrorInsideFreesEverything() {
        long before = Memory.current(DEVICE).live();
        assertThatThrownBy(() -> Scope.result(() -> two().add(Tensor.zeros(3)))).isInstanceOf(ShapeException.class);
        assertThat(Memory.current(DEVICE).live()).isEqualTo(before);
    }

    @Test
    void aClosedScopeIsRefused() {
        var scope = Scope.open("weights");
        scope.close();
        assertThatThrownBy(scope::close).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("scope 'weights'");
        assertThatThrownBy(() -> scope.run(() -> { })).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> scope.call(ScopeTest::two)).isInstanceOf(IllegalStateException.class);
        assertThat(scope).hasToString("Scope[weights, closed]");
    }

    @Test
    void allocatingAfterTheScopeWasClosedFromWithinLeaksNothing() {
        long before = Memory.current(DEVICE).live();
        var scope = Scope.open("early");
        assertThatThrownBy(() -> scope.run(() -> {
            scope.close();
            two();
        })).isInstanceOf(IllegalStateException.class).hasMessageContaining("scope 'early'");
        assertThat(Memory.current(DEVICE).live()).isEqualTo(before);
    }

    @Test
    void freedMemoryIsRefusedByEveryUse() {
        var x = two();
        var view = x.reshape(2, 1);
        x.close();
        assertThat(view.isClosed()).isTrue();
        assertThatThrownBy(x::close).isInstanceOf(IllegalStateException.class).hasMessageContaining("freed twice");
        assertThatThrownBy(x::toFloats).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("made by of").hasMessageContaining("hint: keep()");
        assertThatThrownBy(() -> x.add(1L)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> view.sum()).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> x.reshape(1, 2)).isInstanceOf(IllegalStateException.class);
        assertThatThrownBy(() -> x.assign(x)).isInstanceOf(IllegalStateException.class);
        Scope.temporary(() -> {
            var y = two();
            assertThatThrownBy(() -> y.assign(x)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> x.assign(y)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> y.add(x)).isInstanceOf(IllegalStateException.class);
            assertThatThrownBy(() -> Tensor.concat(0, y, x)).isInstanceOf(IllegalStateException.class);
        });
        assertThat(x.shape()).isEqualTo(Shape.of(2));
    }

    @Test
    void aScopeIsSharedByThreads() throws InterruptedException {
        try (var scope = Scope.open("shared")) {
            var threads = new Thread[4];
            for (int i = 0; i < threads.length; i++) {
                threads[i] = Thread.ofPlatform().start(() -> scope.run(() -> {
                    for (int k = 0; k < 500; k++) {
                        two();
                    }
                }));
            }
            for (var thread : threads) {
                thread.join();
            }
            assertThat(scope.size()).isEqualTo(2000);
        }
    }

    @Test
    void aLongScopeDoesNotGrowWithWhatWasFreedEarly() {
        try (var scope = Scope.open("long")) {
            scope.run(() -> {
                var kept = two();
                for (int i = 0; i < 1000; i++) {
                    Tensor.zeros(16).close();
                }
                long reserved = Memory.current(DEVICE).reserved();
                for (int i = 0; i < 100_000; i++) {
                    Tensor.zeros(16).close();
                }
                assertThat(Memory.current(DEVICE).reserved()).isEqualTo(reserved);
                assertThat(scope.remembered()).isLessThanOrEqualTo(64);
                assertThat(kept.isClosed()).isFalse();
            });
        }
    }
}
