package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.groups.Tuple.tuple;

import org.junit.jupiter.api.Test;
import org.sfumato.tensor.Profile.Entry;

class ProfileTest {
    @Test
    void countsEachOperationByItsOperands() {
        var profile = new Profile();
        Scope.temporary(() -> {
            var x = Tensor.zeros(4, 8);
            var y = Tensor.zeros(8, 3);
            x.matmul(y);                                                    // not seen: outside
            profile.of(() -> {
                x.matmul(y);
                x.matmul(y);
                y.t().matmul(x.t());
                x.reshape(8, 4);                                            // a view has no kernel
            });
            x.matmul(y);
        });

        assertThat(profile.entries()).allMatch(e -> e.operation().equals("matmul"))
                .extracting(Entry::operands, Entry::count).containsExactlyInAnyOrder(
                        tuple("f32 (4, 8), f32 (8, 3) -> f32 (4, 3)", 2L),
                        tuple("f32 (3, 8)*, f32 (8, 4)* -> f32 (3, 4)", 1L));
        assertThat(profile.entries()).allMatch(e -> e.best() > 0 && e.nanos() >= e.count() * e.best());
        assertThat(profile.nanos()).isEqualTo(profile.entries().stream().mapToLong(Entry::nanos).sum());
        assertThat(profile.toString().lines()).hasSize(3);
    }

    @Test
    void writingInPlaceCountsAndAnInnerProfileTakesItsOwn() {
        var outer = new Profile();
        var inner = new Profile();
        Scope.temporary(() -> outer.of(() -> {
            var x = Tensor.zeros(5);
            inner.of(() -> Dispatch.into(Catalogue.ADD, new Tensor[] {x, x}, new Tensor[] {x}));
        }));

        assertThat(inner.entries()).extracting(Entry::operation).containsExactly("add");
        assertThat(outer.entries()).extracting(Entry::operation).doesNotContain("add");
    }
}
