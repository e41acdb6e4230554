// Is it what was asked for? Lists have titles, links and dates whatever they are lists of; these are the rules by which
// a plan is refused rather than guessed.
#pragma once

#include <string>
#include <vector>

#include "generate/intent.hpp"
#include "generate/page_index.hpp"
#include "meter/value.hpp"

namespace meter::generate {

/// What a page knows of the words of a wish.
class Doubts {
public:
    Doubts(const PageIndex& page, const Intent& intent);

    /// Takes out fields that read what another reads, and lowers the confidence in those that the page nowhere calls by
    /// their names ("tuition fees" on a page without "tuition"). Then: is the plan an answer? It has half of what is
    /// wanted, and half of it with some confidence; and when it has nothing of what is particular to the wish (neither
    /// a title nor a link, picture, date or description), nearly all of it or words of the wish on the page.
    bool accepts(Value& definition, std::vector<Value>& items) const;

private:
    bool is_particular(std::size_t field) const;

    /// Words that are no common names for what fields hold, and how many of them the page knows.
    struct Words {
        std::size_t said = 0, known = 0;
    };

    const Intent& intent_;
    std::vector<Words> words_;   ///< by field
    Words entity_;               ///< of what the records are
    std::vector<bool> unknown_;  ///< by field: none of its words is known
    bool english_ = false;
};

}  // namespace meter::generate
