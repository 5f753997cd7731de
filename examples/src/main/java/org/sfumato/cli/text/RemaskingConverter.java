package org.sfumato.cli.text;

import org.sfumato.models.masked.Remasking;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/// `--remask`: cap:ETA, rescale:ETA, confidence, loop, forward-backward or none.
public final class RemaskingConverter implements ITypeConverter<Remasking> {
    @Override
    public Remasking convert(String text) {
        int colon = text.indexOf(':');
        var name = colon < 0 ? text : text.substring(0, colon);
        return switch (name) {
            case "cap" -> new Remasking.Cap(eta(text, colon));
            case "rescale" -> new Remasking.Rescale(eta(text, colon));
            default -> switch (text) {
                case "confidence" -> new Remasking.Confidence();
                case "loop" -> Remasking.Loop.STANDARD;
                case "forward-backward" -> new Remasking.ForwardBackward();
                case "none" -> new Remasking.None();
                default -> throw new TypeConversionException("expected cap:ETA, rescale:ETA, confidence, loop, "
                        + "forward-backward or none, got '" + text + "'");
            };
        };
    }

    private static double eta(String text, int colon) {
        try {
            double eta = Double.parseDouble(text.substring(colon + 1));
            if (colon >= 0 && eta >= 0 && eta <= 1) {
                return eta;
            }
        } catch (NumberFormatException noNumber) {
            // said below
        }
        throw new TypeConversionException("expected a number from 0 to 1 after the colon, as cap:0.04, got '" + text
                + "'");
    }
}
