// Run it with: ./sfumato jshell examples/src/main/jshell/adapter-soup.jsh
import org.sfumato.examples.*

// A small autoencoder, trained on the spot. One of your own: Autoencoders.open(Path.of("DIR")) opens what
// sfumato train vae made.

var text = "to be or not to be, that is the question. ".repeat(40)
var steps = 200
var first = Autoencoders.small(text, 8, steps, 1)
var second = Autoencoders.small(text, 8, 2 * steps, 1)

// The parameters of both, mixed.
var losses = AdapterSoup.run(first, second, text, System.out)

/exit
