// Run it with: ./sfumato jshell examples/src/main/jshell/reconstruction.jsh
import org.sfumato.examples.*

// A small autoencoder, trained on the spot. One of your own: Autoencoders.open(Path.of("DIR")) opens what
// sfumato train vae made.

var text = "to be or not to be, that is the question. ".repeat(40)
var steps = 200
var model = Autoencoders.small(text, 8, steps, 1)

// What comes back of the first span, for draws near its latent.
Reconstruction.show(model, text, 4, .1, System.out);

// The share of tokens that is right, for spans of 1, 2, ... tokens.
System.out.println(java.util.Arrays.toString(Reconstruction.rightByPlace(model, text, 32)));

/exit
