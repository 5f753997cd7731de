package org.sfumato.tensor;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Einsum against the sum of products written out.
class EinsumTest {
    private static final String LETTERS = "abdhijkst";
    private static final long[] SIZES = {2, 3, 4, 2, 3, 2, 4, 3, 2};

    private static double[] bruteForce(String[] inputs, String output, double[][] data) {
        var letters = (output + String.join("", inputs)).chars().distinct().toArray();
        var at = new long[128];
        long total = Arrays.stream(letters).mapToLong(EinsumTest::size).reduce(1, (a, b) -> a * b);
        var result = new double[(int) output.chars().mapToLong(EinsumTest::size).reduce(1, (a, b) -> a * b)];
        for (long n = 0; n < total; n++) {
            long rest = n;
            for (int letter : letters) {
                at[letter] = rest % size(letter);
                rest /= size(letter);
            }
            double product = 1;
            for (int i = 0; i < inputs.length; i++) {
                product *= data[i][place(inputs[i], at)];
            }
            result[place(output, at)] += product;
        }
        return result;
    }

    private static long size(int letter) {
        return SIZES[LETTERS.indexOf(letter)];
    }

    private static int place(String axes, long[] at) {
        int place = 0;
        for (char letter : axes.toCharArray()) {
            place = (int) (place * size(letter) + at[letter]);
        }
        return place;
    }

    @ParameterizedTest
    @ValueSource(strings = {"ij,jk->ik", "ij,jk->ki", "bhtd,bhsd->bhts", "bhts,bhsd->bthd", "ij->ji", "ij->", "ij->j",
        "i,j->ij", "i,i->", "i,i->i", "ij,ij->i", "ij,j->i", "bij,bjk,bks->bis", "ij,kj,sj->iks", "ijk,t->ik",
        "ab,ab,ab->ab", "i,j,k->kji", "abd,db->ba", "ijk->ijk", "ij,a->aij"})
    void itIsTheSumOfProducts(String equation) {
        var inputs = equation.substring(0, equation.indexOf("->")).split(",");
        var output = equation.substring(equation.indexOf("->") + 2);
        var random = new Random(equation.hashCode());
        var data = new double[inputs.length][];
        Scope.temporary(() -> {
            var operands = new Tensor[inputs.length];
            for (int i = 0; i < inputs.length; i++) {
                long[] sizes = inputs[i].chars().mapToLong(EinsumTest::size).toArray();
                data[i] = random.doubles(Shape.of(sizes).count(), -1, 1).toArray();
                operands[i] = Tensor.of(data[i], sizes);
            }
            var result = Tensor.einsum(equation, operands);
            assertThat(result.shape().sizes()).containsExactly(output.chars().mapToLong(EinsumTest::size).toArray());
            assertThat(result.toDoubles()).containsExactly(bruteForce(inputs, output, data), Offset.offset(1e-12));
        });
    }

    @Test
    void withoutAnArrowTheLettersThatAppearOnceRemainInOrder() {
        Scope.temporary(() -> {
            var x = Tensor.of(new float[] {1, 2, 3, 4}, 2, 2);
            assertThat(Tensor.einsum("ba", x).toFloats()).containsExactly(1, 3, 2, 4);
            assertThat(Tensor.einsum(" ij , jk ", x, x).toFloats()).containsExactly(7, 10, 15, 22);
            assertThat(Tensor.einsum("ij,ij", x, x).item()).isEqualTo(30);
        });
    }

    @Test
    void whatDoesNotFitIsRefused() {
        Scope.temporary(() -> {
            var x = Tensor.zeros(2, 3);
            for (var bad : new String[] {"ij,jk->ik", "ij->ik", "ii->i", "i->i", "ij->ii", "i1->i", "ijk->i"}) {
                assertThatThrownBy(() -> Tensor.einsum(bad, x)).as(bad).isInstanceOf(ShapeException.class)
                        .hasMessageStartingWith("einsum: ");
            }
            assertThatThrownBy(() -> Tensor.einsum("ij,jk->ik", x, x)).isInstanceOf(ShapeException.class)
                    .hasMessageContaining("axis 'j' has sizes 3 and 2");
        });
    }
}
