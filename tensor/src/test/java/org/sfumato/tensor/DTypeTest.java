package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class DTypeTest {
    /// Printed by `torch.promote_types` (PyTorch 2.13).
    @ParameterizedTest
    @CsvSource({
        "f32,f32,f64,f32,f32,f32,f32,f32", "f64,f64,f64,f64,f64,f64,f64,f64", "bf16,f32,f64,bf16,f32,bf16,bf16,bf16",
        "f16,f32,f64,f32,f16,f16,f16,f16", "i64,f32,f64,bf16,f16,i64,i64,i64", "i32,f32,f64,bf16,f16,i64,i32,i32",
        "bool,f32,f64,bf16,f16,i64,i32,bool"})
    void promotionIsPyTorchs(String type, String f32, String f64, String bf16, String f16, String i64, String i32,
                              String bool) {
        var a = DType.of(type);
        var expected = new String[] {f32, f64, bf16, f16, i64, i32, bool};
        for (var b : DType.values()) {
            assertThat(a.promote(b)).as("%s with %s", a, b).isEqualTo(DType.of(expected[b.ordinal()]));
        }
    }

    @Test
    void operandsArePromotedInOperations() {
        Scope.temporary(() -> {
            var whole = Tensor.of(new long[] {1, 2}, 2);
            assertThat(whole.add(Tensor.of(0.5f, 0.5f)).spec()).hasToString("f32 (2,)");
            assertThat(whole.add(Tensor.of(new int[] {1, 2}, 2)).dtype()).isEqualTo(DType.I64);
            assertThat(whole.add(1L).dtype()).isEqualTo(DType.I64);
            assertThat(whole.add(0.5).toDoubles()).containsExactly(1.5, 2.5);
            assertThat(whole.div(whole).dtype()).isEqualTo(DType.F32);
            assertThat(Tensor.of(1f).cast(DType.BF16).add(Tensor.of(1f).cast(DType.F16)).dtype()).isEqualTo(DType.F32);
            assertThat(Tensor.of(1f).cast(DType.BF16).mul(3.0).dtype()).isEqualTo(DType.BF16);
            assertThat(Tensor.of(new boolean[] {true}, 1).add(1L).dtype()).isEqualTo(DType.I64);
        });
    }

    @Test
    void wholeNumbersBeyondDoublesStayExact() {
        Scope.temporary(() -> {
            long odd = (1L << 53) + 1;
            assertThat(Tensor.of(0L).add(odd).toLongs()).containsExactly(odd);
            assertThat(Tensor.of(Long.MAX_VALUE).eq(Long.MAX_VALUE).toLongs()).containsExactly(1);
            assertThat(Tensor.of(Long.MAX_VALUE - 1).eq(Long.MAX_VALUE).toLongs()).containsExactly(0);
            assertThat(Tensor.of(-1L).mul(Long.MAX_VALUE).toLongs()).containsExactly(-Long.MAX_VALUE);
        });
    }

    @Test
    void typesHaveNames() {
        for (var type : DType.values()) {
            assertThat(DType.of(type.toString())).isEqualTo(type);
        }
        assertThatThrownBy(() -> DType.of("u8")).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("unknown name 'u8'");
    }
}
