package org.sfumato.cuda.interpreter;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.sfumato.cuda.interpreter.Lexer.Token;
import org.sfumato.cuda.interpreter.PtxModule.Function;

/// Reads PTX as nvcc writes it and as people do. Source: NVIDIA, PTX ISA 9.0, chapters 4 to 6 and 11.
final class Parser {
    private static final Set<String> SPACES = Set.of(".global", ".const", ".shared", ".local", ".param");
    private static final Set<String> LINKING = Set.of(".visible", ".weak", ".extern", ".common");
    private static final Set<String> OF_A_LINE = Set.of(".version", ".target", ".address_size", ".file", ".loc");

    private final Source source;
    private final List<Token> tokens;
    private int at;
    private final Map<String, Item.Variable> variables = new LinkedHashMap<>();
    private final Map<String, Function> functions = new LinkedHashMap<>();

    private Parser(Source source) {
        this.source = source;
        tokens = Lexer.tokens(source);
    }

    /// @throws IllegalArgumentException if the text is not PTX, with the line
    static PtxModule parse(Source source) {
        var parser = new Parser(source);
        while (parser.at < parser.tokens.size()) {
            parser.topLevel();
        }
        return new PtxModule(source, parser.variables, parser.functions);
    }

    private void topLevel() {
        var token = next();
        if (OF_A_LINE.contains(token.text())) {
            skipLine(token.line());
        } else if (token.is(".section")) {
            skipTo("}");
        } else if (token.is(".pragma")) {
            skipTo(";");
        } else if (token.is(".entry") || token.is(".func")) {
            function(token.is(".entry"), token.line());
        } else if (SPACES.contains(token.text())) {
            for (var variable : variables(token, ";")) {
                variables.put(variable.name(), variable);
            }
        } else if (!LINKING.contains(token.text())) {
            throw error(token, "unexpected '" + token.text() + "'");
        }
    }

    // functions

    private void function(boolean kernel, int line) {
        var results = !kernel && peek().is("(") ? parameters() : List.<Item.Variable>of();
        var name = word();
        var parameters = peek().is("(") ? parameters() : List.<Item.Variable>of();
        int threads = 0;
        boolean required = false;
        while (!peek().is("{") && !peek().is(";")) {
            var directive = next();
            if (directive.is(".maxntid") || directive.is(".reqntid")) {
                threads = (int) number();
                while (peek().is(",")) {
                    next();
                    threads *= (int) number();
                }
                required = directive.is(".reqntid");
            } else if (directive.is(".pragma")) {
                skipTo(";");
            }
        }
        if (next().is(";")) {
            return;                                                 // declared only
        }
        functions.put(name, new Function(line, name, kernel, parameters, results, body(), threads, required));
    }

    private List<Item.Variable> parameters() {
        expect("(");
        var result = new ArrayList<Item.Variable>();
        while (!peek().is(")")) {
            var space = next();
            if (!space.is(".param")) {
                throw error(space, "a parameter in a register is not known");
            }
            result.add(variable(space.line(), "param"));
            if (peek().is(",")) {
                next();
            }
        }
        next();
        return result;
    }

    private List<Item> body() {
        var items = new ArrayList<Item>();
        for (int depth = 1; depth > 0;) {
            var token = next();
            if (token.is("{")) {
                depth++;
                items.add(new Item.Open(token.line()));
            } else if (token.is("}")) {
                depth--;
                items.add(new Item.Close(token.line()));
            } else {
                item(token, items);
            }
        }
        return items;
    }

    private void item(Token token, List<Item> items) {
        if (OF_A_LINE.contains(token.text())) {
            skipLine(token.line());
        } else if (token.is(".pragma")) {
            skipTo(";");
        } else if (token.is(".reg")) {
            registers(token.line(), items);
        } else if (SPACES.contains(token.text())) {
            items.addAll(variables(token, ";"));
        } else if (peek().is(":") && token.word()) {
            next();
            if (peek().is(".branchtargets")) {
                next();
                items.add(new Item.Targets(token.line(), token.text(), words()));
            } else {
                items.add(new Item.Label(token.line(), token.text()));
            }
        } else if (!token.is(";")) {
            items.add(statement(token));
        }
    }

    private void registers(int line, List<Item> items) {
        var type = type();
        do {
            var name = word();
            int count = -1;
            if (peek().is("<")) {
                next();
                count = (int) number();
                expect(">");
            }
            items.add(new Item.Registers(line, type, name, count));
        } while (next().is(","));
    }

    private List<String> words() {
        var result = new ArrayList<String>();
        do {
            result.add(word());
        } while (next().is(","));
        return result;
    }

    // statements

    private Item.Statement statement(Token first) {
        var token = first;
        Optional<String> guard = Optional.empty();
        boolean negated = false;
        if (token.is("@")) {
            if (peek().is("!")) {
                next();
                negated = true;
            }
            guard = Optional.of(word());
            token = next();
        }
        if (!token.word() || token.text().charAt(0) == '.') {
            throw error(token, "'" + token.text() + "' is no instruction");
        }
        var operands = new ArrayList<Operand>();
        while (!peek().is(";")) {
            operands.add(operand());
            if (peek().is(",")) {
                next();
            } else if (!peek().is(";")) {
                throw error(peek(), "unexpected '" + peek().text() + "'");
            }
        }
        next();
        return new Item.Statement(first.line(), guard, negated, token.text(), operands);
    }

    private Operand operand() {
        var token = peek();
        if (token.is("{")) {
            return new Operand.Vector(list("{", "}"));
        } else if (token.is("(")) {
            return new Operand.Group(list("(", ")"));
        } else if (token.is("[")) {
            next();
            var base = operand();
            var address = base instanceof Operand.Name name
                    ? new Operand.Address(new Operand.Name(name.text(), 0), name.plus()) : new Operand.Address(base, 0);
            expect("]");
            return address;
        } else if (token.is("!")) {
            next();
            return new Operand.Not(word());
        } else if (token.number() || token.is("-")) {
            return literal();
        }
        var name = word();
        if (peek().is("|")) {
            next();
            return new Operand.Pair(new Operand.Name(name, 0), operand());
        }
        return new Operand.Name(name, plus());
    }

    /// `+ 4`, `+-4` or `-4`, or nothing.
    private long plus() {
        if (peek().is("+")) {
            next();
            return number();
        }
        return peek().is("-") ? number() : 0;
    }

    private List<Operand> list(String open, String close) {
        expect(open);
        var result = new ArrayList<Operand>();
        while (!peek().is(close)) {
            result.add(operand());
            if (peek().is(",")) {
                next();
            }
        }
        next();
        return result;
    }

    private Operand.Number literal() {
        boolean negative = peek().is("-");
        if (negative) {
            next();
        }
        var token = next();
        var text = token.text();
        try {
            char kind = text.length() > 1 && text.charAt(0) == '0' ? Character.toLowerCase(text.charAt(1)) : ' ';
            if (kind == 'f') {
                return new Operand.Number(Long.parseLong(text, 2, 10, 16), 32);
            } else if (kind == 'd') {
                return new Operand.Number(Long.parseUnsignedLong(text, 2, 18, 16), 64);
            }
            int radix = kind == 'x' ? 16 : kind == 'b' ? 2 : Character.isDigit(kind) ? 8 : 10;
            int end = text.length() - (text.endsWith("U") ? 1 : 0);
            long value = Long.parseUnsignedLong(text, radix == 16 || radix == 2 ? 2 : 0, end, radix);
            return new Operand.Number(negative ? -value : value, 0);
        } catch (NumberFormatException | IndexOutOfBoundsException e) {
            throw error(token, "'" + text + "' is no number");
        }
    }

    private long number() {
        return literal().value();
    }

    // variables

    private List<Item.Variable> variables(Token space, String end) {
        var result = new ArrayList<Item.Variable>();
        result.add(variable(space.line(), space.text().substring(1)));
        if (!next().is(end)) {
            throw error(tokens.get(at - 1), "one variable for each declaration is known here");
        }
        return result;
    }

    /// From the alignment or type on, without the end.
    private Item.Variable variable(int line, String space) {
        int align = 0;
        Type type = null;
        while (peek().text().charAt(0) == '.') {
            var token = next();
            if (token.is(".align")) {
                align = (int) number();
            } else if (Type.of(token.text().substring(1)).isPresent()) {
                type = Type.of(token.text().substring(1)).get();
            }                                                       // .ptr and the space it points to: no matter
        }
        if (type == null) {
            throw error(peek(), "a variable has no type");
        }
        var name = word();
        long count = 1;
        while (peek().is("[")) {
            next();
            count *= peek().is("]") ? 0 : number();
            expect("]");
        }
        byte[] initial = {};
        if (peek().is("=")) {
            next();
            initial = initial(type);
        }
        return new Item.Variable(line, space, name, Math.max(align, type.bytes()),
                Math.toIntExact(count * type.bytes()), initial);
    }

    private byte[] initial(Type type) {
        var values = new ArrayList<Long>();
        int depth = 0;
        do {
            if (peek().is("{")) {
                next();
                depth++;
            } else if (peek().is("}")) {
                next();
                depth--;
            } else if (peek().is(",")) {
                next();
            } else {
                values.add(number());
            }
        } while (depth > 0);
        var bytes = ByteBuffer.allocate(values.size() * type.bytes() + 8).order(ByteOrder.LITTLE_ENDIAN);
        for (int j = 0; j < values.size(); j++) {
            bytes.putLong(j * type.bytes(), values.get(j));         // what is too much, the next one overwrites
        }
        return java.util.Arrays.copyOf(bytes.array(), values.size() * type.bytes());
    }

    // tokens

    private Token peek() {
        if (at >= tokens.size()) {
            int line = tokens.isEmpty() ? 1 : tokens.getLast().line();
            throw source.error(line, "the text ends too early");
        }
        return tokens.get(at);
    }

    private Token next() {
        var token = peek();
        at++;
        return token;
    }

    private String word() {
        var token = next();
        if (!token.word()) {
            throw error(token, "a name should stand where '" + token.text() + "' is");
        }
        return token.text();
    }

    private Type type() {
        var token = next();
        return Type.of(token.text().substring(1)).orElseThrow(() -> error(token, token.text() + " is no known type"));
    }

    private void expect(String text) {
        var token = next();
        if (!token.is(text)) {
            throw error(token, "'" + text + "' should stand where '" + token.text() + "' is");
        }
    }

    private void skipLine(int line) {
        while (at < tokens.size() && tokens.get(at).line() == line) {
            at++;
        }
    }

    private void skipTo(String end) {
        while (!next().is(end)) { }
    }

    private IllegalArgumentException error(Token token, String what) {
        return source.error(token.line(), what);
    }
}
