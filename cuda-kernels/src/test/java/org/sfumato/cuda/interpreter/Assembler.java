package org.sfumato.cuda.interpreter;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.sfumato.cuda.interpreter.Opcode.Unknown;
import org.sfumato.cuda.interpreter.PtxModule.Function;
import org.sfumato.cuda.interpreter.Registers.Place;

/// Decodes a kernel: names become places, statements become actions, calls become the body of what they call.
final class Assembler {
    private static final int RED_ZONE = 64;
    private static final int DEEPEST = 16;

    private final PtxModule module;
    private final Map<String, Long> addresses;
    private final Function kernel;
    private final Names names = new Names();
    private final Registers registers = new Registers();
    private final List<Place> dynamic = new ArrayList<>();
    private final List<Instruction> code = new ArrayList<>();
    private final List<Program.Parameter> parameters = new ArrayList<>();
    private final Map<String, Names.Meaning> sharedOfModule = new HashMap<>();
    private final List<int[]> redZones = new ArrayList<>();
    private int sharedBytes;
    private int localBytes;
    private int depth;

    private Assembler(PtxModule module, Map<String, Long> addresses, Function kernel) {
        this.module = module;
        this.addresses = addresses;
        this.kernel = kernel;
    }

    /// @param addresses of the module's variables in device memory
    /// @throws IllegalArgumentException if an instruction is not known, quoting it
    static Program assemble(PtxModule module, Map<String, Long> addresses, Function kernel) {
        return new Assembler(module, addresses, kernel).assemble();
    }

    private Program assemble() {
        names.open();
        var used = used();
        for (var variable : module.variables().values()) {
            if (variable.space().equals("shared") && !used.contains(variable.name())) {
                continue;                                           // another kernel's
            } else if (variable.space().equals("shared")) {
                names.declare(variable.name(), shared(variable));
            } else {
                names.declare(variable.name(), new Names.Variable("global", addresses.get(variable.name())));
            }
        }
        names.open();
        int offset = 0;
        for (var parameter : kernel.parameters()) {
            offset = align(offset, parameter.align());
            parameters.add(new Program.Parameter(parameter.name(), offset, parameter.bytes()));
            names.declare(parameter.name(), new Names.Variable("param", offset));
            offset += parameter.bytes();
        }
        body(kernel, null);
        emit(new Action.Exit(), Instruction.ALWAYS, kernel.line());
        names.close();
        var missing = names.close();
        if (!missing.isEmpty()) {
            throw module.source().error(kernel.line(), kernel.name() + " has no label " + missing);
        }
        return new Program(module.source(), kernel, code.toArray(Instruction[]::new), registers, parameters, dynamic,
                sharedBytes, redZones, align(localBytes, 16));
    }

    /// The names that this kernel uses, and all that device functions use.
    private Set<String> used() {
        var result = new HashSet<String>();
        for (var function : module.functions().values()) {
            if (function == kernel || !function.kernel()) {
                for (var item : function.body()) {
                    if (item instanceof Item.Statement statement) {
                        statement.operands().forEach(operand -> collect(operand, result));
                    }
                }
            }
        }
        return result;
    }

    private static void collect(Operand operand, Set<String> names) {
        switch (operand) {
            case Operand.Name name -> names.add(name.text());
            case Operand.Address address -> collect(address.base(), names);
            case Operand.Vector vector -> vector.elements().forEach(element -> collect(element, names));
            case Operand.Not _, Operand.Number _, Operand.Pair _, Operand.Group _ -> { }
        }
    }

    private static int align(int offset, int align) {
        return (offset + align - 1) / align * align;
    }

    /// @param end where a return goes; null if it ends the thread
    private void body(Function function, Action.Target end) {
        names.open();
        for (var item : function.body()) {
            try {
                item(item, end);
            } catch (Unknown e) {
                throw module.source().error(item.line(), e.getMessage());
            }
        }
        // The last item of a body is the brace that closes it.
    }

    private void item(Item item, Action.Target end) {
        switch (item) {
            case Item.Open _ -> names.open();
            case Item.Close _ -> names.close();
            case Item.Label label -> names.meet(label.name(), code.size());
            case Item.Registers declared -> declare(declared);
            case Item.Targets targets -> names.declare(targets.name(), new Names.Targets(targets.labels()));
            case Item.Variable variable -> names.declare(variable.name(), variable(variable));
            case Item.Statement statement -> statement(statement, end);
        }
    }

    private void declare(Item.Registers declared) {
        int bits = declared.type().bits;
        if (declared.count() < 0) {
            names.declare(declared.name(), new Names.Register(registers.allocate(bits)));
        }
        for (int j = 0; j < declared.count(); j++) {
            names.declare(declared.name() + j, new Names.Register(registers.allocate(bits)));
        }
    }

    private Names.Meaning variable(Item.Variable variable) {
        return switch (variable.space()) {
            case "shared" -> shared(variable);
            case "local", "param" -> local(variable);
            default -> throw new Unknown("." + variable.space() + " variables stand outside of functions");
        };
    }

    private Names.Meaning shared(Item.Variable variable) {
        return sharedOfModule.computeIfAbsent(variable.name(), name -> {
            if (variable.bytes() == 0) {
                return new Names.Dynamic();
            }
            int end = sharedBytes;
            sharedBytes = align(end == 0 ? 0 : end + RED_ZONE, Math.max(variable.align(), 16));
            if (end > 0) {
                redZones.add(new int[] {end, sharedBytes});
            }
            int address = sharedBytes;
            sharedBytes += variable.bytes();
            return new Names.Variable("shared", address);
        });
    }

    private Names.Variable local(Item.Variable variable) {
        localBytes = align(localBytes, variable.align());
        int address = localBytes;
        localBytes += align(variable.bytes(), 4);
        return new Names.Variable("local", address);
    }

    // statements

    private void emit(Action action, int guard, int line) {
        code.add(Instruction.of(action, guard, line));
    }

    private void statement(Item.Statement statement, Action.Target end) {
        int guard = guard(statement);
        var opcode = new Opcode(statement.opcode());
        var operands = new Operands(registers, names, dynamic, statement.operands());
        switch (opcode.name()) {
            case "bra" -> emit(new Action.Branch(label(statement.operands().getFirst())), guard, statement.line());
            case "brx" -> emit(choice(statement, operands), guard, statement.line());
            case "ret", "exit" -> {
                operands.done();
                boolean leaves = end == null || opcode.name().equals("exit");
                emit(leaves ? new Action.Exit() : new Action.Branch(end), guard, statement.line());
            }
            case "call" -> call(statement);
            default -> {
                var action = Decoder.decode(opcode, operands);
                opcode.done();
                operands.done();
                emit(action, guard, statement.line());
            }
        }
    }

    private int guard(Item.Statement statement) {
        if (statement.guard().isEmpty()) {
            return Instruction.ALWAYS;
        }
        var operand = List.<Operand>of(new Operand.Name(statement.guard().get(), 0));
        int predicate = new Operands(registers, names, dynamic, operand).predicate(0);
        return statement.negated() ? ~predicate : predicate;
    }

    private Action.Target label(Operand operand) {
        if (operand instanceof Operand.Name(var text, var _)) {
            return names.target(text);
        }
        throw new Unknown("a branch goes to a label");
    }

    private Action choice(Item.Statement statement, Operands operands) {
        if (statement.operands().get(1) instanceof Operand.Name(var text, var _)
                && names.find(text).orElse(null) instanceof Names.Targets(var labels)) {
            return new Action.Choice(operands.word(0), labels.stream().map(names::target)
                    .toArray(Action.Target[]::new));
        }
        throw new Unknown("a list of targets is missing");
    }

    // calls

    /// `call (results), function, (arguments);` with the function's parameters bound to the caller's variables.
    private void call(Item.Statement statement) {
        var operands = statement.operands();
        boolean gives = operands.getFirst() instanceof Operand.Group;
        var name = ((Operand.Name) operands.get(gives ? 1 : 0)).text();
        var function = module.functions().get(name);
        if (function == null || statement.guard().isPresent()) {
            throw new Unknown(function == null ? "function " + name + " has no body here" : "a guarded call");
        }
        if (++depth > DEEPEST) {
            throw new Unknown("calls within calls, " + DEEPEST + " deep: recursion is not known here");
        }
        var arguments = operands.size() > (gives ? 2 : 1) ? operands.get(gives ? 2 : 1) : new Operand.Group(List.of());
        var bound = new HashMap<String, Names.Meaning>();
        bind(bound, function.results(), gives ? operands.getFirst() : new Operand.Group(List.of()));
        bind(bound, function.parameters(), arguments);
        names.open();
        bound.forEach(names::declare);
        names.open();
        var end = new Action.Target();
        body(function, end);
        end.set(code.size());
        names.close();
        names.close();
        depth--;
    }

    private void bind(Map<String, Names.Meaning> bound, List<Item.Variable> formal, Operand actual) {
        var given = ((Operand.Group) actual).elements();
        if (given.size() != formal.size()) {
            throw new Unknown(formal.size() + " parameters, " + given.size() + " arguments");
        }
        for (int j = 0; j < given.size(); j++) {
            if (given.get(j) instanceof Operand.Name(var text, var _)
                    && names.find(text).orElse(null) instanceof Names.Variable variable) {
                bound.put(formal.get(j).name(), variable);
            } else {
                throw new Unknown("an argument is no .param variable");
            }
        }
    }
}
