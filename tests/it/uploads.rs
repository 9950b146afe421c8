//! Files in requests of multipart/form-data (GraphQL multipart request specification), and how they are read back (abuse
//! cases UP1, UP2, UP11, UP13-UP15, UP17).

pub mod clients;
pub mod content;
mod files;
pub mod form;
mod front;
mod scalar;

use crate::suite::Suite;

/// Lists the tests of this folder.
pub fn register(suite: &mut Suite) {
    suite.pure("uploads::only the front makes an Upload", scalar::has_no_form);
    suite.pure("uploads::requests of real clients are read", files::real_clients);
    suite.pure("uploads::a file is the same in whatever pieces it comes", files::pieces);
    suite.pure("uploads::a file over the limit is cut, and the next one is read", files::too_large);
    suite.pure(
        "uploads::parts that are not named, repeated, missing or no files are refused",
        files::wrong_parts,
    );
    suite.pure("uploads::a body that ends early, is malformed or heads off is refused", files::malformed);
    suite.pure("uploads::a body that stops, or takes too long, is given up", files::late);
    suite.pure("uploads::no more is read than is asked for", files::held_back);
    suite.sqlite("uploads::a form takes a header that no page sends unasked", front::preflight);
    suite.sqlite("uploads::nothing is read of whom the service does not know", front::strangers);
    suite.sqlite("uploads::a body over the limit is refused, announced or not", front::too_large);
    suite.sqlite("uploads::a malformed request is refused and not repeated", front::malformed);
    suite.sqlite("uploads::a file in another value's place is refused", front::misplaced);
    suite.sqlite("uploads::what no operation takes is read past before the answer", front::read_past);
    suite.sqlite("uploads::who sends too much gets an answer, not a reset", front::no_reset);
    suite.sqlite("uploads::a body that does not arrive is given up", front::slow);
    suite.sqlite("uploads::so many at a time, of one user and of all", front::gate);
    suite.both(
        "uploads::what curl, Apollo and urql send is taken, and read back as it was",
        clients::one_file,
    );
    suite.sqlite("uploads::of several files each is told of by itself", clients::several_files);
    suite.sqlite("uploads::a file that is cut off is no document", clients::cut_off);
    suite.sqlite("uploads::content is a file to be saved, whatever it is called", content::headers);
    suite.sqlite("uploads::content is not found by who may not have it", content::strangers);
    suite.sqlite("uploads::one range of a content is answered, and no bounds are passed", content::ranges);
    suite.sqlite("uploads::who takes nothing of a content loses his place", content::gate);
    suite.both("uploads::a link is good once and for a minute", content::links);
    suite.sqlite("uploads::content that was changed in the store breaks off", content::damaged);
}
