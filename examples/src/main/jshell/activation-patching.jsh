// Run it with: ./sfumato jshell examples/src/main/jshell/activation-patching.jsh
import org.sfumato.examples.*

// A small autoencoder, trained on the spot. One of your own: Autoencoders.open(Path.of("DIR")) opens what
// sfumato train vae made.

var steps = 200
var model = Autoencoders.small("to be or not to be, that is the question. ".repeat(40), 8, steps, 1)

// Numbers of the latent of the first text take the place of those of the second, the strongest first.
var outcome = ActivationPatching.run(model, "that is the", "to be or", System.out)
System.out.println(java.util.Arrays.toString(outcome.recovered()));

/exit
