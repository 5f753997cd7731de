// Run it with: ./sfumato jshell examples/src/main/jshell/glitch-tokens.jsh
import org.sfumato.examples.*

// A small autoencoder, trained on the spot. One of your own: Autoencoders.open(Path.of("DIR")) opens what
// sfumato train vae made.

var steps = 200
var model = Autoencoders.small("to be or not to be, that is the question. ".repeat(40) + "#~", 8, steps, 1)

// Each token four times through the latent: those that hardly occur in the text do not come back.
var losses = GlitchTokens.run(model, 4, System.out)

/exit
