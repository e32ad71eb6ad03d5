"""What the sample shop sells: twelve kinds of goods, and what can be said of them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Kind:
    """A category of the shop.

    Attributes:
        nouns: What its products are called.
        uses: What they are for, as it stands before the noun: "running shoes".
        materials: What they are made of.
        phrases: Sentences of a description; each product has two.
        prices: From and to, in the shop's currency.
        sizes: Size options; empty where there is only one.
    """

    category: str
    nouns: tuple[str, ...]
    uses: tuple[str, ...]
    materials: tuple[str, ...]
    phrases: tuple[str, ...]
    prices: tuple[int, int]
    sizes: tuple[str, ...] = ()


BRANDS = (
    *("Nordvik", "Alder & Ash", "Kestrel", "Lumen", "Marlow", "Ostrava", "Pinecroft", "Quill", "Rosedale"),
    *("Sable", "Tamar", "Umbra", "Velo", "Wayfarer", "Yarrow", "Zephyr", "Brightwater", "Café Noir", "Ñandú"),
)
COLOURS = (
    *("red", "blue", "green", "black", "white", "grey", "navy", "olive", "mustard", "burgundy", "teal"),
    *("sand", "coral", "plum", "silver", "copper"),
)
_CLOTHES = ("XS", "S", "M", "L", "XL")
_FEET = ("37", "38", "39", "40", "41", "42", "43", "44", "45")

KINDS = (
    Kind(
        "Shoes",
        ("shoes", "sneakers", "trainers"),
        ("running", "trail", "walking", "tennis", "everyday"),
        ("mesh", "leather", "canvas", "suede"),
        (
            "A cushioned sole takes the hardness out of the road.",
            "The breathable upper dries overnight.",
            "Reflective seams keep you seen after dark.",
            "A roomy toe box leaves space on long days.",
        ),
        (45, 180),
        _FEET,
    ),
    Kind(
        "Boots",
        ("boots", "ankle boots"),
        ("hiking", "winter", "work", "rain", "chelsea"),
        ("leather", "rubber", "nubuck", "wool felt"),
        (
            "Deep lugs grip on mud and wet stone.",
            "The lining holds warmth below zero.",
            "A gusseted tongue keeps water and grit out.",
            "Can be resoled by any cobbler.",
        ),
        (70, 260),
        _FEET,
    ),
    Kind(
        "Jackets",
        ("jacket", "parka", "anorak"),
        ("rain", "down", "cycling", "ski", "softshell"),
        ("recycled nylon", "cotton twill", "fleece", "waxed canvas"),
        (
            "Taped seams hold off a whole day of rain.",
            "Folds into its own pocket.",
            "Two-way zips open from below on the bike.",
            "The hood adjusts with one hand.",
        ),
        (60, 340),
        _CLOTHES,
    ),
    Kind(
        "Shirts",
        ("shirt", "t-shirt", "polo shirt"),
        ("linen", "office", "summer", "flannel", "training"),
        ("cotton", "linen", "merino wool", "bamboo"),
        (
            "Cut straight, with a little room at the shoulders.",
            "Stays fresh for days on the road.",
            "Needs no iron if hung up wet.",
            "Buttons made of corozo nut.",
        ),
        (18, 95),
        _CLOTHES,
    ),
    Kind(
        "Mugs",
        ("mug", "cup", "tumbler"),
        ("coffee", "tea", "travel", "espresso", "camping"),
        ("stoneware", "porcelain", "enamelled steel", "glass"),
        (
            "Keeps coffee warm for the length of a meeting.",
            "Safe in the dishwasher and the microwave.",
            "Thrown by hand, so no two are quite the same.",
            "The lid does not drip.",
        ),
        (8, 38),
    ),
    Kind(
        "Lamps",
        ("lamp", "light", "lantern"),
        ("desk", "bedside", "floor", "pendant", "reading"),
        ("brass", "oak", "paper", "powder-coated steel"),
        (
            "Warm white, dimmed by a touch.",
            "The arm stays where you put it.",
            "Throws its light down and none in your eyes.",
            "Takes any E27 bulb.",
        ),
        (24, 240),
    ),
    Kind(
        "Bags",
        ("backpack", "tote bag", "messenger bag"),
        ("laptop", "commuter", "weekend", "school", "climbing"),
        ("waxed cotton", "nylon", "leather", "recycled polyester"),
        (
            "A padded sleeve fits a 15 inch laptop.",
            "The roll top closes against rain.",
            "Straps that do not creak.",
            "Holds what two days away need.",
        ),
        (30, 190),
        ("15 l", "20 l", "28 l"),
    ),
    Kind(
        "Chairs",
        ("chair", "stool", "armchair"),
        ("dining", "office", "folding", "garden", "rocking"),
        ("ash wood", "rattan", "steel", "velvet"),
        (
            "Stacks six high.",
            "The back gives a little when you lean.",
            "Carries 130 kg.",
            "Comes in one piece, with felt under its feet.",
        ),
        (55, 480),
    ),
    Kind(
        "Cookware",
        ("pan", "saucepan", "casserole"),
        ("frying", "roasting", "induction", "crêpe", "sauté"),
        ("cast iron", "stainless steel", "copper", "aluminium"),
        (
            "Heats evenly to the rim.",
            "Goes from the hob into the oven.",
            "The handle stays cool.",
            "Seasoned with linseed oil, ready to use.",
        ),
        (22, 210),
        ("20 cm", "24 cm", "28 cm"),
    ),
    Kind(
        "Headphones",
        ("headphones", "earbuds", "headset"),
        ("wireless", "noise-cancelling", "studio", "gaming", "sports"),
        ("aluminium", "recycled plastic", "vegan leather", "titanium"),
        (
            "Thirty hours on one charge.",
            "Ear pads that can be replaced without tools.",
            "Hushes trains, planes and offices.",
            "Plays from two devices at once.",
        ),
        (29, 420),
    ),
    Kind(
        "Plants",
        ("pot", "planter", "watering can"),
        ("herb", "balcony", "indoor", "hanging", "orchid"),
        ("terracotta", "zinc", "glazed ceramic", "cork"),
        (
            "Drains through a hole that a saucer catches.",
            "Survives frost outdoors.",
            "For a windowsill of ordinary depth.",
            "Waters slowly from below.",
        ),
        (6, 75),
        ("12 cm", "18 cm", "30 cm"),
    ),
    Kind(
        "Notebooks",
        ("notebook", "sketchbook", "planner"),
        ("dotted", "travel", "hardcover", "pocket", "weekly"),
        ("recycled paper", "linen", "leather", "kraft board"),
        (
            "Lies flat at every page.",
            "The paper takes fountain pen ink without feathering.",
            "Thread-sewn, 192 numbered pages.",
            "An elastic band and a pocket at the back.",
        ),
        (5, 42),
        ("A6", "A5", "A4"),
    ),
)
