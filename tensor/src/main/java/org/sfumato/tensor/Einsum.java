package org.sfumato.tensor;

import java.util.ArrayList;
import java.util.stream.Collectors;

/// Einstein summation: `"bij,bjk->bik"`. Each letter names an axis; letters that do not appear after the arrow are
/// summed over; without an arrow the result has, in alphabetical order, the letters that appear once. A letter twice in
/// one operand is not supported. Two operands at a time are brought to one batched matrix product, from left to right.
final class Einsum {
    private record Term(Tensor tensor, String axes) { }

    private Einsum() { }

    static Tensor apply(String equation, Tensor... operands) {
        var text = equation.replace(" ", "");
        int arrow = text.indexOf("->");
        var inputs = (arrow < 0 ? text : text.substring(0, arrow)).split(",", -1);
        check(text, inputs, operands);
        var output = arrow < 0 ? once(String.join("", inputs)) : text.substring(arrow + 2);
        requireKnown(text, output, String.join("", inputs));
        var terms = new ArrayList<Term>();
        for (int i = 0; i < inputs.length; i++) {
            terms.add(new Term(operands[i], inputs[i]));
        }
        while (terms.size() > 1) {
            var a = terms.removeFirst();
            var b = terms.removeFirst();
            var needed = output + terms.stream().map(Term::axes).collect(Collectors.joining());
            terms.addFirst(multiply(sumOut(a, b.axes + needed), sumOut(b, a.axes + needed), needed));
        }
        var last = sumOut(terms.getFirst(), output);
        return last.tensor.permute(order(last.axes, output));
    }

    private static void check(String equation, String[] inputs, Tensor[] operands) {
        if (inputs.length != operands.length) {
            throw new ShapeException("einsum: '" + equation + "' names " + inputs.length + " operands, got "
                    + operands.length);
        }
        var sizes = new java.util.HashMap<Character, Long>();
        for (int i = 0; i < inputs.length; i++) {
            if (inputs[i].length() != operands[i].shape().rank()
                    || inputs[i].chars().distinct().count() != inputs[i].length()
                    || !inputs[i].chars().allMatch(Character::isLetter)) {
                throw new ShapeException("einsum: '" + inputs[i] + "' must be one distinct letter for each axis of "
                        + operands[i].shape());
            }
            for (int k = 0; k < inputs[i].length(); k++) {
                long size = operands[i].size(k);
                var known = sizes.putIfAbsent(inputs[i].charAt(k), size);
                if (known != null && known != size) {
                    throw new ShapeException("einsum: axis '" + inputs[i].charAt(k) + "' has sizes " + known + " and "
                            + size);
                }
            }
        }
    }

    private static void requireKnown(String equation, String output, String known) {
        if (output.chars().distinct().count() != output.length()
                || output.chars().anyMatch(c -> known.indexOf(c) < 0)) {
            throw new ShapeException("einsum: the result of '" + equation
                    + "' must be distinct letters of its operands");
        }
    }

    private static String once(String letters) {
        return letters.chars().filter(c -> letters.indexOf(c) == letters.lastIndexOf(c)).sorted()
                .mapToObj(c -> String.valueOf((char) c)).collect(Collectors.joining());
    }

    private static Term sumOut(Term term, String needed) {
        var kept = keep(term.axes, needed);
        int[] gone = term.axes.chars().filter(c -> needed.indexOf(c) < 0).map(term.axes::indexOf).toArray();
        return gone.length == 0 ? term : new Term(term.tensor.sum(gone), kept);
    }

    /// `a (batch, left, inner)` times `b (batch, inner, right)`.
    private static Term multiply(Term a, Term b, String needed) {
        var shared = keep(a.axes, b.axes);
        var batch = keep(shared, needed);
        var inner = keep(shared, shared.chars().filter(c -> needed.indexOf(c) < 0)
                .mapToObj(c -> String.valueOf((char) c)).collect(Collectors.joining()));
        var left = drop(a.axes, shared);
        var right = drop(b.axes, shared);
        var x = a.tensor.permute(order(a.axes, batch + left + inner));
        var y = b.tensor.permute(order(b.axes, batch + inner + right));
        int nb = batch.length();
        var batchShape = x.shape().range(0, nb);
        var leftShape = x.shape().range(nb, nb + left.length());
        var rightShape = y.shape().range(nb + inner.length(), y.shape().rank());
        long k = y.shape().range(nb, nb + inner.length()).count();
        var product = x.reshape(batchShape.append(leftShape.count(), k))
                .matmul(y.reshape(batchShape.append(k, rightShape.count())));
        return new Term(product.reshape(batchShape.append(leftShape.sizes()).append(rightShape.sizes())),
                batch + left + right);
    }

    private static String keep(String letters, String of) {
        return letters.chars().filter(c -> of.indexOf(c) >= 0).mapToObj(c -> String.valueOf((char) c))
                .collect(Collectors.joining());
    }

    private static String drop(String letters, String of) {
        return letters.chars().filter(c -> of.indexOf(c) < 0).mapToObj(c -> String.valueOf((char) c))
                .collect(Collectors.joining());
    }

    private static int[] order(String from, String to) {
        return to.chars().map(from::indexOf).toArray();
    }
}
