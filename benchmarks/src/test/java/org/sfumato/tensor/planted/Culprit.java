package org.sfumato.tensor.planted;

import java.util.concurrent.atomic.AtomicInteger;
import jdk.incubator.vector.FloatVector;
import org.sfumato.autograd.planted.Tape;

/// Breaks every house rule once, to show that each can fail.
public final class Culprit {

    static int count;
    static final AtomicInteger CELL = new AtomicInteger();

    Tape tape;

    static class Open {
    }

    static final class CopyHelper {
    }

    abstract static class BaseCopy {
    }

    static int sum(int a, int b, int c, int d, int e, int f, int g, int h) {
        return a + b + c + d + e + f + g + h;
    }

    static void print(Exception e) {
        System.out.println(System.getProperty("sfumato.debug"));
        System.err.println(Integer.getInteger("sfumato.debug"));
        e.printStackTrace();
    }

    static int lanes() {
        return FloatVector.SPECIES_PREFERRED.length();
    }
}
