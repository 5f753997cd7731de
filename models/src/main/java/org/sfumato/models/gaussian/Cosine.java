package org.sfumato.models.gaussian;

/// `x y / (|x| |y|)`, 0 where one of them is 0.
final class Cosine {
    private Cosine() { }

    static double of(double[] x, double[] y) {
        double xy = 0;
        double xx = 0;
        double yy = 0;
        for (int i = 0; i < x.length; i++) {
            xy += x[i] * y[i];
            xx += x[i] * x[i];
            yy += y[i] * y[i];
        }
        return xx == 0 || yy == 0 ? 0 : xy / Math.sqrt(xx * yy);
    }
}
