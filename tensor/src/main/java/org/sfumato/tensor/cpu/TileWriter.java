package org.sfumato.tensor.cpu;

import static java.lang.constant.ConstantDescs.CD_double;
import static java.lang.constant.ConstantDescs.CD_float;
import static java.lang.constant.ConstantDescs.CD_int;
import static java.lang.constant.ConstantDescs.CD_long;
import static java.lang.constant.ConstantDescs.CD_void;
import static java.lang.constant.ConstantDescs.INIT_NAME;
import static java.lang.constant.ConstantDescs.MTD_void;

import java.lang.classfile.ClassFile;
import java.lang.classfile.CodeBuilder;
import java.lang.classfile.Label;
import java.lang.classfile.TypeKind;
import java.lang.constant.ClassDesc;
import java.lang.constant.MethodTypeDesc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.nio.ByteOrder;
import jdk.incubator.vector.DoubleVector;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.Vector;
import jdk.incubator.vector.VectorSpecies;
import org.sfumato.tensor.expr.RawMemory;

/// Writes the class of a [Tile]: all sums in local variables, which C2 keeps in registers, and a loop over k in which
/// each element of A meets the vectors of B.
///
/// Species and element type must be constants in each kernel, and a tile is near C2's limit of nodes, past which it
/// inlines only what the JDK forces it to and boxes what it does not inline: so a tile calls the JDK alone, and no
/// branch follows the loop.
///
/// @param wide float64, else float32
/// @param rows rows of the tile
/// @param vectors vectors of a row of a panel
/// @param panels panels that the tile takes, side by side in C: 1 or 4
/// @param known strides that are constants of the class, or null; those of a call are then not looked at
record TileWriter(boolean wide, int rows, int vectors, int panels, Strides known) {
    /// Bytes from a row of A to the next, from a column of A to the next, and from a row of B to the next.
    record Strides(long ar, long ac, long br) { }

    private static final ClassDesc SELF = ClassDesc.of(Tile.class.getPackageName(), "WrittenTile");
    private static final ClassDesc SIMD = desc(Simd.class);
    private static final ClassDesc SEGMENT = desc(MemorySegment.class);
    private static final ClassDesc SPECIES = desc(VectorSpecies.class);
    private static final ClassDesc ORDER = desc(ByteOrder.class);
    private static final ClassDesc VECTOR = desc(Vector.class);
    private static final MethodTypeDesc RUN = MethodTypeDesc.of(CD_void, CD_int, CD_long, CD_long, CD_long, CD_long,
            CD_long, CD_long, CD_long, CD_long, CD_long, CD_long);
    private static final int DEPTH = 1;              // where the parameters of Tile.run lie, after `this`
    private static final int A = 2;
    private static final int AR = 4;
    private static final int AC = 6;
    private static final int B = 8;
    private static final int BR = 10;
    private static final int NEXT = 12;
    private static final int C = 14;
    private static final int CR = 16;
    private static final int FROM = 18;
    private static final int FR = 20;

    /// Whether registers are so few that loads have to be kept where they are ([#fence]), and multiply-adds so short
    /// that comparisons of addresses take longer ([Simd#bounded]).
    private static final boolean FEW = Simd.REGISTERS < 32;

    private static final int FENCES = 4;

    /// Rows that one address serves: more would take too many registers for the multiples of a stride.
    private static final int HIGH = 4;

    /// The tile, in a class of its own.
    Tile write() {
        var bytes = ClassFile.of().build(SELF, type -> type.withFlags(ClassFile.ACC_FINAL)
                .withSuperclass(desc(Tile.class))
                .withMethodBody(INIT_NAME, MTD_void, 0,
                        code -> code.aload(0).invokespecial(desc(Tile.class), INIT_NAME, MTD_void).return_())
                .withMethodBody("run", RUN, 0, this::run));
        try {
            var type = MethodHandles.lookup().defineHiddenClass(bytes, true);
            return (Tile) type.findConstructor(type.lookupClass(), MethodType.methodType(void.class)).invoke();
        } catch (Throwable e) {
            throw new IllegalStateException("gemm: the tile that was written does not load, " + this, e);
        }
    }

    private int columns() {
        return vectors * panels;
    }

    private void run(CodeBuilder code) {
        var sums = new int[rows][columns()];
        bounded(code.lload(C)).lstore(C);
        bounded(code.lload(FROM)).lstore(FROM);
        int low = lower(code, FROM, FR);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns(); j++) {
                row(load(code), i, FROM, low, FR);
                sums[i][j] = code.allocateLocal(TypeKind.REFERENCE);
                loaded(plus(code, j)).astore(sums[i][j]);
            }
        }
        int lowA = known == null ? lower(code, A, AR) : A;
        bounded(code.lload(A)).lstore(A);
        bounded(code.lload(B)).lstore(B);
        int farB = code.allocateLocal(TypeKind.LONG);
        if (panels > 2) {
            bounded(code.lload(B).lload(NEXT).loadConstant(2L).lmul().ladd()).lstore(farB);
        }
        int p = code.allocateLocal(TypeKind.INT);
        code.iconst_0().istore(p);
        var loop = code.newBoundLabel();
        var done = code.newLabel();
        code.iload(p).iload(DEPTH).if_icmpge(done);
        turn(code, sums, lowA, farB, done);
        step(code, A, AC, known == null ? 0 : known.ac);
        if (lowA != A) {
            step(code, lowA, AC, 0);
        }
        step(code, B, BR, known == null ? 0 : known.br);
        if (panels > 2) {
            step(code, farB, BR, 0);
        }
        code.iinc(p, 1).goto_(loop).labelBinding(done);
        store(code, sums);
        code.return_();
    }

    // One k: the vectors of B, then row after row.
    private void turn(CodeBuilder code, int[][] sums, int lowA, int farB, Label done) {
        var right = new int[rows > 1 ? columns() : 0];
        for (int j = 0; j < right.length; j++) {
            right[j] = code.allocateLocal(TypeKind.REFERENCE);
            right(code, j, farB).astore(right[j]);
        }
        int together = right.length == 0 ? vectors : Math.ceilDiv(rows, FENCES);
        for (int i = 0; i < rows; i++) {
            if (i > 0 && i % together == 0) {
                fence(code, i / together - 1, done);
            }
            int x = code.allocateLocal(TypeKind.REFERENCE);
            element(code, i, lowA).astore(x);
            for (int j = 0; j < columns(); j++) {
                if (right.length == 0 && j > 0 && j % together == 0) {
                    fence(code, j / together - 1, done);
                }
                code.aload(x);
                if (right.length == 0) {
                    right(code, j, farB);
                } else {
                    code.aload(right[j]);
                }
                code.aload(sums[i][j]).invokevirtual(vector(), "fma", MethodTypeDesc.of(vector(), VECTOR, VECTOR))
                        .astore(sums[i][j]);
            }
        }
    }

    // C2 moves the loads of a stretch without branches to its beginning, and sums out of the registers for them. So
    // here are comparisons that never hold: no operand is at address 0, and C overlaps none.
    private static void fence(CodeBuilder code, int number, Label done) {
        if (FEW) {
            code.lload(number % 2 == 0 ? A : B);
            if (number < 2) {
                code.lload(C);
            } else {
                code.lconst_0();
            }
            code.lcmp().ifeq(done);
        }
    }

    // Vector j of this row of B.
    private CodeBuilder right(CodeBuilder code, int j, int farB) {
        int panel = j / vectors;
        load(code).lload(panel < 2 ? B : farB);
        if (panel % 2 != 0) {
            bounded(code.lload(NEXT).ladd());
        }
        return loaded(plus(code, j % vectors));
    }

    // Element i of this column of A, in all lanes.
    private CodeBuilder element(CodeBuilder code, int i, int lowA) {
        species(code).getstatic(desc(RawMemory.class), "ALL", SEGMENT)
                .getstatic(SIMD, wide ? "DOUBLE" : "FLOAT", layout());
        if (known == null) {
            row(code, i, A, lowA, AR);
        } else {
            code.lload(A).loadConstant(i * known.ar).ladd();
        }
        var element = wide ? CD_double : CD_float;
        return code.invokeinterface(SEGMENT, "get", MethodTypeDesc.of(element, layout(), CD_long))
                .invokestatic(vector(), "broadcast", MethodTypeDesc.of(vector(), SPECIES, element));
    }

    private void store(CodeBuilder code, int[][] sums) {
        int low = lower(code, C, CR);
        for (int i = 0; i < rows; i++) {
            for (int j = 0; j < columns(); j++) {
                code.aload(sums[i][j]).getstatic(desc(RawMemory.class), "ALL", SEGMENT);
                row(code, i, C, low, CR);
                plus(code, j).getstatic(SIMD, "ORDER", ORDER).invokevirtual(vector(), "intoMemorySegment",
                        MethodTypeDesc.of(CD_void, SEGMENT, CD_long, ORDER));
            }
        }
    }

    // A local with the address of row 4, where there is one; else that of row 0.
    private int lower(CodeBuilder code, int first, int stride) {
        if (rows <= HIGH) {
            return first;
        }
        int low = code.allocateLocal(TypeKind.LONG);
        bounded(code.lload(first).lload(stride).loadConstant((long) HIGH).lmul().ladd()).lstore(low);
        return low;
    }

    private void row(CodeBuilder code, int i, int first, int low, int stride) {
        code.lload(i < HIGH ? first : low);
        if (i % HIGH != 0) {
            bounded(code.lload(stride).loadConstant((long) (i % HIGH)).lmul().ladd());
        }
    }

    private static CodeBuilder bounded(CodeBuilder code) {
        return FEW ? code.loadConstant(Simd.ADDRESSES).land() : code;
    }

    private CodeBuilder plus(CodeBuilder code, int vectors) {
        return vectors == 0 ? code : code.loadConstant((long) vectors * Simd.BYTES).ladd();
    }

    private static void step(CodeBuilder code, int local, int stride, long constant) {
        code.lload(local);
        if (constant != 0) {
            code.loadConstant(constant);
        } else {
            code.lload(stride);
        }
        bounded(code.ladd()).lstore(local);
    }

    private CodeBuilder load(CodeBuilder code) {
        return species(code).getstatic(desc(RawMemory.class), "ALL", SEGMENT);
    }

    private CodeBuilder loaded(CodeBuilder code) {
        return code.getstatic(SIMD, "ORDER", ORDER).invokestatic(vector(), "fromMemorySegment",
                MethodTypeDesc.of(vector(), SPECIES, SEGMENT, CD_long, ORDER));
    }

    private CodeBuilder species(CodeBuilder code) {
        return code.getstatic(SIMD, wide ? "F64" : "F32", SPECIES);
    }

    private ClassDesc vector() {
        return desc(wide ? DoubleVector.class : FloatVector.class);
    }

    private ClassDesc layout() {
        return desc(wide ? ValueLayout.OfDouble.class : ValueLayout.OfFloat.class);
    }

    private static ClassDesc desc(Class<?> type) {
        return type.describeConstable().orElseThrow();
    }
}
