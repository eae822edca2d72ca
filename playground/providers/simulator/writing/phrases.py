"""The sentences of the answers.

`{a}` and `{b}` become key words of the prompt, unchanged and never inflected. They are where any noun fits, not at the start of a sentence,
and no verb has to agree with them.
"""

EXPLANATIONS = (
    "The first thing to settle is what {a} should achieve here, because every later choice leans on that.",
    "It helps to separate {a} from {b}: the two are often mentioned together, but they go wrong for different reasons.",
    "Most of the surprise comes from {a}, and most of the work from {b}.",
    "If you can only look at one thing, look at {a}: it tells you early whether the rest is sound.",
    "A useful habit is to write down what you expect of {a} before you touch {b}, and to compare afterwards.",
    "There is a plain case of {a} and a hard one; plan for the second, and enjoy the first.",
    "What looks like a question about {a} is often a question about {b} in disguise.",
    "Nothing in this is special to {a}: the same pattern turns up wherever many small parts have to agree.",
    "The price of getting {a} wrong is paid late, which is why it deserves attention early.",
    "People tend to start with {b} since that is easier to see, yet the answer usually sits with {a}.",
    "You can change your mind about {a} later at little cost, whereas a decision about {b} becomes harder to move with every step.",
    "As a rule of thumb, spend twice as long on understanding {a} as on improving it.",
    "A small experiment says more about {a} than a long argument does.",
    "Where {a} and {b} pull in different directions, choose the one that you can undo.",
    "None of this has to be perfect: it is enough that {a} makes sense to the next person who meets it.",
    "The limits come from {b}, so it is worth measuring them once instead of guessing them every time.",
    "When in doubt about {a}, go back to the plainest example that you can find, and make that work.",
    "A good description of {a} fits into two sentences; if it takes more, there are probably two things in it.",
    "Keep whatever touches {a} close together, and keep everything else away from it.",
    "The details of {b} matter less than the order in which you deal with them.",
    "Seen from a distance, {a} is a matter of balance: a little more here means a little less there.",
    "Two people may mean different things by {a}, so agree on one example before you discuss the rest.",
    "The tempting shortcut is to ignore {b}; it works until the day on which it does not.",
    "Once you are content with {a}, check it against the oldest case that you have, not against the newest.",
    "It is easy to add to {a} and hard to take away from it, so add slowly.",
    "Ask what would happen without {a}; if the honest answer is *not much*, leave it out.",
    "Numbers about {b} are worth more when they come with the conditions under which they were taken.",
    "Much of the advice about {a} was right once, under conditions that no longer hold.",
    "A clear idea of {a} removes half of the misunderstandings before they start.",
    "Whatever you decide about {b}, write down why: the reason ages better than the decision.",
    "There is rarely one best answer to {a}, but there are many that are good enough, and a few that are plainly bad.",
    "Progress with {a} tends to come in steps: long quiet stretches, and then a change that makes everything simpler.",
    "The safest way to learn about {b} is to break it on purpose, in a place where nobody minds.",
    "Try to explain {a} to somebody who has never met it; the gaps show up at once.",
    "If {a} and {b} are both new to you, learn them one after the other rather than together.",
    "Small and steady corrections to {a} do more good than one large reform.",
)

POINTS = (
    "decide early, and note the reason.",
    "measure before and after every change.",
    "keep one plain example at hand.",
    "expect the unusual case, and try it first.",
    "leave room for a second opinion.",
    "start small, and grow only when there is a need.",
    "agree on the words before you argue about the details.",
    "check the oldest assumption first.",
    "prefer what can be undone.",
    "write the result down where others will find it.",
)

# In the usual order.
STEPS = (
    "Write down in one sentence what {a} should achieve.",
    "Collect three real examples: a plain one, a large one and an odd one.",
    "Work through the plain example by hand, and note where {b} comes in.",
    "Change **one thing at a time**, and keep what helps.",
    "Try the odd example next; it shows where {a} reaches its limits.",
    "Compare the result with what you expected.",
    "Have somebody else repeat the steps without your help.",
    "Look again at {b} after a day has passed, and remove whatever did not matter.",
)

TABLE_QUESTIONS = (
    ("What would change without it?", "high"),
    ("Who notices when it goes wrong?", "high"),
    ("How would you measure it?", "medium"),
    ("Can the choice be undone?", "medium"),
    ("What does it cost to wait?", "low"),
    ("Is there a simpler form of it?", "medium"),
    ("Does it still hold at ten times the size?", "high"),
    ("Which part is only a habit?", "low"),
)

QUOTES = (
    "Measure first, then decide. The order is the whole trick.",
    "A plan that fits on one page gets read. A longer one gets filed.",
    "Make it work for the case in front of you before you make it work for all of them.",
    "What you can undo, you may decide quickly.",
    "The second attempt costs half as much, provided that you kept notes on the first.",
)

MATHS = (
    """If each of $n$ parts fails on its own with probability $p$, all of them hold with probability $(1 - p)^n$.
For $p = 0.01$ and $n = 50$ that is about $0.61$, so look for fewer parts in {a}, or for better ones.""",
    """If only a share $f$ of the work can be sped up, by a factor $k$, the whole gains $1 / ((1 - f) + f / k)$.
For $f = 0.8$ and $k = 4$ that is $2.5$, so look at the share of {a} before you look at the factor.""",
    """The error of an average falls as $1 / \\sqrt{{n}}$, so it takes four times as many observations to halve the doubt about {a}.""",
    """What comes in at a rate $\\lambda$ and stays for a time $W$ fills $L = \\lambda W$ places.
At $20$ a second and $0.5$ seconds each, leave room for $10$ at once when you plan {a}.""",
)

FOLLOW_UPS = (
    "You asked about {a} before; I take this as the next step from there.",
    "This continues what we said about {a}, so I don't repeat it here.",
    "Since we began with {a}, I keep to that and only add what is new.",
)

INSTRUCTED = "The instructions for this conversation mention {a}, so I keep to that."

OPENINGS = {
    "brief": (
        "In short: get {a} right first, then fit {b} around it.",
        "The short version: decide what you want of {a}, and let {b} follow from that.",
        "Briefly: treat {a} as the fixed point, and {b} as the part that you can still move.",
        "The quick answer is to start with {a} and to leave {b} for later.",
    ),
    "thorough": (
        "This can be read in more than one way. I take it as a question about {a}, with {b} setting the limits.",
        "Before the answer, a word on its scope: I look at {a} first, then at {b}, and I say where I am unsure.",
        "There is a sound way to approach {a}, and it starts with a closer look at {b}.",
    ),
    "expansive": (
        "What a rich subject! There is a great deal to say about {a}, and nearly as much about {b}, so let us take it from the beginning.",
        "To do justice to {a}, we have to go a little further back than one might expect, and we will meet {b} on the way.",
        "Few subjects repay patience as this one does. Let us walk around {a} slowly, with {b} always in view.",
    ),
    "thoughtful": (
        "My conclusion first: the answer depends on {a} more than on {b}. The reason follows.",
        "I come down on the side of {a}; where more hangs on {b} in your case, the answer changes, as said below.",
        "Having weighed both, I would settle {a} first. Here is why, and where that could be wrong.",
    ),
}

CLOSINGS = {
    "brief": (
        "That is usually enough to get going with {a}.",
        "If you want to go further, look into {b} next.",
        "Start there, and come back once you run into trouble with {a}.",
    ),
    "thorough": (
        "To sum up: settle {a} first, check it on a plain example, and only then turn to {b}. I am less sure about the latter.",
        "In conclusion, none of these steps is hard; the care lies in taking them in order, and in looking at {a} again at the end.",
        "One caveat: all of this supposes that {b} stays as it is. If that changes, begin again at the top.",
    ),
    "expansive": (
        "And so we are back where we began, with {a}, though with more to see in it. Much could be added about {b}; another time, perhaps.",
        "There is always more to say, but this is a good place to rest: take {a} with you, and give {b} some thought.",
    ),
    "thoughtful": (
        "What would change my mind: a plain example that turns on {b} and not on {a}.",
        "The weak point of this argument is {b}; test that part first.",
    ),
}

THOUGHTS = (
    "The question is about {a}. Let me see what is actually wanted.",
    "First: is this about {a} itself, or about how it relates to {b}?",
    "Suppose it is only about {a}. Then a short answer would do, but {b} would be left hanging.",
    "Suppose instead that {b} sets the limits. Then {a} must fit inside them.",
    "A check with small numbers: with one part there is nothing to compare, with two there is, so two is the smallest useful example.",
    "Wait, that takes {a} as fixed. It may not be.",
    "Even so, the order of the steps stays the same, so the conclusion holds.",
    "What could make this wrong? A case without any {b}.",
    "I should mention that case, briefly.",
    "An example would help more than another paragraph.",
    "The reader probably knows {b} better than I do, so no need to explain it from the ground up.",
    "Let me look for a counterexample to what I said about {a}.",
    "I find none that matters, only cases that are slower or dearer.",
    "A long table would be too much here; something short is easier to read.",
    "I am fairly sure about {a}, and less so about {b}. The answer should show the difference.",
    "Good. Conclusion first, then the reason, then the caveat.",
)

HEADINGS = (
    "The essence of {a}",
    "Between {a} and {b}",
    "A closer look at {b}",
    "The case for {a}",
    "What to watch: {b}",
    "The other side of {a}",
    "Small and large cases of {a}",
    "A word about {b}",
)
