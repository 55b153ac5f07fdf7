/* changes.c - what a comparison says in words. */
#include "report/changes.h"

#include <stddef.h>

const struct change_words *change_words(enum verdict_word w)
{
    static const struct change_words slower = {
        .title = "Slower than before",
        .causes =
            "The code or its build, a driver, a library or a kernel that was updated, a lower "
            "clock or power limit, other work on the machine.",
        .check = "What differs from the run before (Machine, below); the clocks of both runs; then "
                 "both programs by turns: headroom compare --ab ./old ./new -- run NAME.",
    };
    static const struct change_words unclear = {
        .title = "Not clear whether it changed",
        .causes = "Too few runs for the spread between them: stored runs need five sessions before "
                  "and three processes now; or clocks that differ between the sides.",
        .check =
            "More processes (headroom run NAME --repeat 6), or both programs by turns: headroom "
            "compare --ab ./old ./new -- run NAME.",
    };
    static const struct change_words faster = {
        .title = "Faster than before",
        .causes =
            "The code or its build, an update, a higher clock, a machine that was busy before.",
        .check =
            "That the work is the same (variant, inputs, check), and what differs from the run "
            "before; then keep it: headroom baseline save NAME FILE.",
    };

    switch (w) {
    case VERDICT_SLOWER: return &slower;
    case VERDICT_UNCLEAR: return &unclear;
    case VERDICT_FASTER: return &faster;
    case VERDICT_SAME: break;
    }
    return NULL;
}

bool change_is(const struct verdict *v, enum verdict_word w)
{
    return v && v->gap == GAP_NONE && v->word == w;
}
