package org.sfumato.tensor.expr;

import static java.lang.constant.ConstantDescs.CD_Object;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.Attributes;
import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Opcode;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;

/// Writes the class of an [ExprLoop]: a method for the whole vectors and one for the last, partial one.
///
/// @param values what to compute
/// @param lane how, for the compute type
/// @param scalars bit k is set if operand k is one element
record LoopCompiler(Values values, LaneCode lane, long scalars) {
    private static final ClassDesc SELF = ClassDesc.of(ExprLoop.class.getPackageName(), "CompiledLoop");
    private static final MethodTypeDesc RUN =
        MethodTypeDesc.of(CD_void, CD_long.arrayType(), CD_long.arrayType(), CD_long, CD_long);
    private static final ClassDesc MATH = Math.class.describeConstable().orElseThrow();
    private static final MethodTypeDesc MIN = MethodTypeDesc.of(CD_long, CD_long, CD_long);
    private static final int IN = 1; // the parameters of run, after `this`; the parts are static, theirs are one less
    private static final int OUT = 2;
    private static final int FROM = 3;
    private static final int TO = 5;

    /// Elements per call of `span`: enough to hide the call, few enough that a thread is not long in old code.
    private static final long SPAN = 512;

    /// So many calls of `span` are for one value only. The just-in-time compiler counts calls, 5000 of them at most,
    /// and until it has done its work the Vector API is a thousand times slower: the fewer elements these take, the
    /// better.
    private static final int FIRST_CALLS = 6000;
    private static final String CALLS = "calls"; // field: of `span`, so far
    private static final int HUGE_METHOD = 8000; // bytecodes; HotSpot interprets longer methods for good

    /// The loop, in a class of its own.
    ///
    /// @throws IllegalArgumentException if it would be too long for the just-in-time compiler
    ExprLoop compile() {
        var bytes = writeIfShort();
        if (bytes.isEmpty() && lane instanceof VectorCode(var type, var _)) {
            bytes = new LoopCompiler(values, new VectorCode(type, false), scalars).writeIfShort();
        }
        return load(bytes.orElseThrow(() -> new IllegalArgumentException("loop: too long for one loop, "
            + values.nodes().size() + " primitives\nhint: compute a part first, as an operand of the rest")));
    }

    private Optional<byte[]> writeIfShort() {
        try {
            return Optional.of(write()).filter(bytes -> longestMethod(bytes) <= HUGE_METHOD);
        } catch (IllegalArgumentException e) { // a method above 64 KiB, which no class can hold
            return Optional.empty();
        }
    }

    private static ExprLoop load(byte[] bytes) {
        try {
            var type = MethodHandles.lookup().defineHiddenClass(bytes, true);
            return (ExprLoop) type.findConstructor(type.lookupClass(), MethodType.methodType(void.class)).invoke();
        } catch (Throwable e) {
            throw new IllegalStateException("loop: the class that was written does not load", e);
        }
    }

    static int longestMethod(byte[] bytes) {
        return ClassFile.of().parse(bytes).methods().stream()
            .mapToInt(m -> m.findAttribute(Attributes.code()).orElseThrow().codeLength()).max().orElseThrow();
    }

    /// The bytes of the class.
    byte[] write() {
        return ClassFile.of().build(SELF, type -> {
            type.withFlags(ClassFile.ACC_FINAL).withInterfaceSymbols(ExprLoop.class.describeConstable().orElseThrow())
                .withField(CALLS, CD_int, ClassFile.ACC_PRIVATE)
                .withMethodBody(INIT_NAME, MTD_void, 0,
                    code -> code.aload(0).invokespecial(CD_Object, INIT_NAME, MTD_void).return_())
                .withMethodBody("run", RUN, ClassFile.ACC_PUBLIC, this::run)
                .withMethodBody("span", RUN, ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC, this::span);
            if (lane.lanes() > 1) {
                type.withMethodBody("tail", RUN, ClassFile.ACC_PRIVATE | ClassFile.ACC_STATIC, this::tail);
            }
        });
    }

    /// `for (at = from; at < end; at = next) { next = min(at + step(), end); span(at, next); } if (end < to) tail(end,
    /// to)`, where `end` leaves out what fills no vector.
    private void run(CodeBuilder code) {
        int at = code.allocateLocal(TypeKind.LONG);
        int next = code.allocateLocal(TypeKind.LONG);
        int end = code.allocateLocal(TypeKind.LONG);
        code.lload(TO).lload(FROM).lsub().loadConstant((long) -lane.lanes()).land().lload(FROM).ladd().lstore(end)
            .lload(FROM).lstore(at);
        var spans = code.newBoundLabel();
        var done = code.newLabel();
        code.lload(at).lload(end).lcmp().ifge(done);
        step(code.lload(at));
        code.ladd().lload(end).invokestatic(MATH, "min", MIN).lstore(next);
        pass(code, "span", at, next);
        code.lload(next).lstore(at).goto_(spans).labelBinding(done);
        if (lane.lanes() > 1) {
            var whole = code.newLabel();
            code.lload(end).lload(TO).lcmp().ifge(whole);
            pass(code, "tail", end, TO);
            code.labelBinding(whole);
        }
        code.return_();
    }

    /// `calls < FIRST_CALLS ? (calls++, lanes) : SPAN`. Threads that count at the same time lose a call, and no more.
    private void step(CodeBuilder code) {
        code.aload(0).getfield(SELF, CALLS, CD_int).loadConstant(FIRST_CALLS).ifThenElse(Opcode.IF_ICMPLT,
            cold -> cold.aload(0).dup().getfield(SELF, CALLS, CD_int).iconst_1().iadd().putfield(SELF, CALLS, CD_int)
                .loadConstant((long) lane.lanes()),
            warm -> warm.loadConstant(SPAN));
    }

    private static void pass(CodeBuilder code, String part, int from, int to) {
        code.aload(IN).aload(OUT).lload(from).lload(to).invokestatic(SELF, part, RUN);
    }

    /// Whole values from element `FROM` to `TO`.
    private void span(CodeBuilder code) {
        var operands = operands(code);
        int at = code.allocateLocal(TypeKind.INT);
        int end = code.allocateLocal(TypeKind.INT);
        code.lload(TO - 1).lload(FROM - 1).lsub().loadConstant((long) lane.lanes()).ldiv().l2i().istore(end)
            .iconst_0().istore(at);
        var loop = code.newBoundLabel();
        var done = code.newLabel();
        code.iload(at).iload(end).if_icmpge(done);
        new Turn(this, code, operands, at, -1).write();
        code.iinc(at, 1).goto_(loop).labelBinding(done).return_();
    }

    /// The partial value from element `FROM` to `TO`.
    private void tail(CodeBuilder code) {
        var operands = operands(code);
        int mask = code.allocateLocal(TypeKind.REFERENCE);
        code.lload(TO - 1).lload(FROM - 1).lsub();
        lane.tailMask(code);
        code.astore(mask);
        new Turn(this, code, operands, -1, mask).write();
        code.return_();
    }

    /// The locals of the addresses of operands and results, those of element `FROM` but for scalar operands, and of the
    /// scalar operands themselves.
    record Operands(Map<Integer, Integer> places, Map<Integer, Integer> elements, int[] results) { }

    /// Reads the arrays, and the scalar operands, into locals of a part.
    private Operands operands(CodeBuilder code) {
        var found = new Operands(new HashMap<>(), new HashMap<>(), new int[values.roots().size()]);
        for (var node : values.nodes()) {
            if (node.expr() instanceof Expr.Arg(int k)) {
                int place = place(code, IN - 1, k, isScalar(k));
                found.places.put(k, place);
                if (isScalar(k)) {
                    int element = code.allocateLocal(lane.elementKind());
                    lane.loadElement(code, place);
                    code.storeLocal(lane.elementKind(), element);
                    found.elements.put(k, element);
                }
            }
        }
        for (int j = 0; j < found.results.length; j++) {
            found.results[j] = place(code, OUT - 1, j, false);
        }
        return found;
    }

    boolean isScalar(int k) {
        return (scalars >>> k & 1) != 0;
    }

    private int place(CodeBuilder code, int array, int index, boolean scalar) {
        int local = code.allocateLocal(TypeKind.LONG);
        code.aload(array).loadConstant(index).laload();
        if (!scalar) {
            code.lload(FROM - 1).loadConstant((long) lane.type().bytes()).lmul().ladd();
        }
        code.lstore(local);
        return local;
    }
}
