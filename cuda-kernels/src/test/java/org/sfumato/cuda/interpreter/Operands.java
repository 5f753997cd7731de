package org.sfumato.cuda.interpreter;

import java.util.List;
import org.sfumato.cuda.interpreter.Opcode.Unknown;
import org.sfumato.cuda.interpreter.Operand.Address;
import org.sfumato.cuda.interpreter.Operand.Name;
import org.sfumato.cuda.interpreter.Operand.Not;
import org.sfumato.cuda.interpreter.Operand.Number;
import org.sfumato.cuda.interpreter.Operand.Pair;
import org.sfumato.cuda.interpreter.Operand.Vector;
import org.sfumato.cuda.interpreter.Registers.Place;

/// The operands of one statement as places in the register files.
final class Operands {
    private final Registers registers;
    private final Names names;
    private final List<Place> dynamic;
    private final List<Operand> all;
    private int read;

    Operands(Registers registers, Names names, List<Place> dynamic, List<Operand> all) {
        this.registers = registers;
        this.names = names;
        this.dynamic = dynamic;
        this.all = all;
    }

    int count() {
        return all.size();
    }

    Operand get(int i) {
        if (i >= all.size()) {
            throw new Unknown("an operand is missing");
        }
        read |= 1 << i;
        return all.get(i);
    }

    /// @throws Unknown if an operand was not asked for
    void done() {
        if (read != (1 << all.size()) - 1) {
            throw new Unknown("operand " + Integer.numberOfTrailingZeros(~read) + " is not known here");
        }
    }

    /// Takes all operands: they change nothing here.
    void ignore() {
        read = (1 << all.size()) - 1;
    }

    // sources

    /// Index of the word that operand `i` is, of exactly `type`'s width.
    int word(int i, Type type) {
        var place = source(get(i), type.bits);
        if (place.bits() == 64) {
            throw new Unknown("operand " + i + " has 64 bits, not " + type.bits);
        }
        return exact(place, type, i).index();
    }

    /// Index of the word that operand `i` is, of 32 bits.
    int word(int i) {
        return word(i, Type.B32);
    }

    /// Index of the long that operand `i` is.
    int wide(int i) {
        return exact(source(get(i), 64), Type.B64, i).index();
    }

    private Place exact(Place place, Type type, int i) {
        boolean number = get(i) instanceof Number;
        if (!number && place.bits() != Math.max(type.bits, 16)) {
            throw new Unknown("operand " + i + " has " + place.bits() + " bits, not " + type.bits);
        }
        return place;
    }

    /// A source of at least `bits` bits, of which the lowest count.
    Place source(int i, int bits) {
        return source(get(i), bits);
    }

    Place source(Operand operand, int bits) {
        return switch (operand) {
            case Number number -> constant(number, bits);
            case Name(var text, var _) when text.equals("WARP_SZ") -> registers.constant(bits, Registers.LANES);
            case Name name -> Special.of(name.text()).map(registers::special).orElseGet(() -> named(name, bits));
            default -> throw new Unknown("an operand is neither a register nor a constant");
        };
    }

    private Place constant(Number number, int bits) {
        boolean fits = number.bits() == 0 || number.bits() == bits;
        if (!fits) {
            throw new Unknown("a constant of " + number.bits() + " bits stands where " + bits + " are wanted");
        }
        return registers.constant(bits, number.value());
    }

    private Place named(Name name, int bits) {
        var meaning = names.find(name.text()).orElseThrow(() -> new Unknown(name.text() + " is not declared"));
        return switch (meaning) {
            case Names.Register register -> {
                if (register.place().bits() < bits) {
                    throw new Unknown(name.text() + " has fewer than " + bits + " bits");
                }
                yield register.place();
            }
            case Names.Variable variable -> registers.constant(bits, variable.address() + name.plus());
            case Names.Dynamic _ -> {
                if (name.plus() != 0) {
                    throw new Unknown("an offset from external shared memory is known in addresses only");
                }
                var place = registers.allocate(bits);
                dynamic.add(place);
                yield place;
            }
            case Names.Targets _ -> throw new Unknown(name.text() + " is no operand");
        };
    }

    /// Index of the predicate that operand `i` is, as [Warp#bits] reads it.
    int predicate(int i) {
        return switch (get(i)) {
            case Not(var text) -> ~predicate(text);
            case Name(var text, var _) -> predicate(text);
            default -> throw new Unknown("operand " + i + " is no predicate");
        };
    }

    private int predicate(String text) {
        if (names.find(text).orElse(null) instanceof Names.Register(var place) && place.bits() == 1) {
            return place.index();
        }
        throw new Unknown(text + " is no predicate");
    }

    // results

    /// Where operand `i` is written.
    Place result(int i) {
        return result(get(i));
    }

    private Place result(Operand operand) {
        if (operand instanceof Name(var text, var _)) {
            if (names.find(text).orElse(null) instanceof Names.Register(var place)) {
                return place;
            }
            throw new Unknown(text + " is no register");
        }
        throw new Unknown("a result is no register");
    }

    /// Where operand `i` is written, of exactly `type`'s width; anywhere if it is `_`.
    int result(int i, Type type) {
        return result(get(i), type);
    }

    private int result(Operand operand, Type type) {
        if (operand instanceof Name(var text, var _) && text.equals("_")) {
            return registers.allocate(type.bits).index();
        }
        var place = result(operand);
        int bits = type == Type.PRED ? 1 : Math.max(type.bits, 16);
        if (place.bits() != bits) {
            throw new Unknown("a result has " + place.bits() + " bits, not " + type.bits);
        }
        return place.index();
    }

    /// Where operand `i` is written as a word of 32 bits.
    int word32(int i) {
        return result(i, Type.B32);
    }

    /// The two results of operand `i`; the second is -1 if there is one only.
    int[] results(int i, Type first, Type second) {
        return get(i) instanceof Pair(var a, var b) ? new int[] {result(a, first), result(b, second)}
                : new int[] {result(i, first), -1};
    }

    // vectors

    /// The elements of operand `i`, itself if it is no vector.
    List<Operand> elements(int i) {
        return get(i) instanceof Vector(var elements) ? elements : List.of(get(i));
    }

    /// Where the elements of operand `i` are written; `_` is written nowhere that matters.
    Place[] resultPlaces(int i, int bits) {
        return elements(i).stream().map(element -> element instanceof Name(var text, var _) && text.equals("_")
                ? registers.allocate(bits) : result(element)).toArray(Place[]::new);
    }

    /// The elements of operand `i`, of at least `bits` bits each.
    Place[] sources(int i, int bits) {
        return elements(i).stream().map(element -> source(element, bits)).toArray(Place[]::new);
    }

    /// The indices of the elements of operand `i`, each a word of 32 bits.
    int[] words(int i, int count) {
        return indices(sources(i, 32), count, 32);
    }

    /// The indices of the elements of operand `i`, each written as a word of 32 bits.
    int[] resultWords(int i, int count) {
        return indices(resultPlaces(i, 32), count, 32);
    }

    /// The index of element `j` of operand `i`, a long.
    int wideElement(int i, int j) {
        var places = sources(i, 64);
        if (j >= places.length || places[j].bits() != 64) {
            throw new Unknown("operand " + i + " does not hold numbers of 64 bits");
        }
        return places[j].index();
    }

    static int[] indices(Place[] places, int count, int bits) {
        if (places.length != count) {
            throw new Unknown("a vector has " + places.length + " elements, not " + count);
        }
        for (var place : places) {
            if (place.bits() != bits) {
                throw new Unknown("an element of a vector has " + place.bits() + " bits, not " + bits);
            }
        }
        return java.util.Arrays.stream(places).mapToInt(Place::index).toArray();
    }

    // addresses

    /// Where operand `i` points to: a register and what is added to it.
    ///
    /// @param wide true if the register is a long
    record Pointer(boolean wide, int index, long plus) {
        long of(Warp warp, int lane) {
            return (wide ? warp.longs[index + lane] : warp.words[index + lane] & 0xFFFFFFFFL) + plus;
        }
    }

    /// The address that operand `i` is.
    Pointer pointer(int i) {
        if (!(get(i) instanceof Address address)) {
            throw new Unknown("operand " + i + " is no address");
        }
        boolean register = address.base() instanceof Name(var text, var _)
                && names.find(text).orElse(null) instanceof Names.Register;
        var place = register ? source(address.base(), 32) : source(address.base(), 64);
        return new Pointer(place.bits() == 64, place.index(), address.plus());
    }

    /// True if the address that operand `i` is names a variable, so that it is one for all lanes.
    boolean constant(int i) {
        return get(i) instanceof Address(Name(var text, var _), var _)
                && names.find(text).orElse(null) instanceof Names.Variable;
    }

    /// The space of the variable that operand `i` names, or `named` if it names none.
    String space(int i, String named) {
        return get(i) instanceof Address(Name(var text, var _), var _)
                && names.find(text).orElse(null) instanceof Names.Variable(var space, var _)
                && space.equals("local") ? "local" : named;
    }
}
