"""Everyday English words, which have all of the language's sounds in many surroundings, and sentences of them."""

import numpy as np

_TEXT = """
about above across after again air all along always among animal answer any apple around ask away baby back bath beach
bear beauty because bed before begin behind below beneath better between beyond big bird black boat body book born
both bottle boy branch bread break breathe bridge bright bring brother brown brush build burn bus butter buy call calm
camp careful carry cat catch cause chair change cheap cheese chief child choose church circle city class clean clear
climb cloth cloud coat coffee cold colour come cook corner could country course cow cream cross crowd cry cup dance
dark daughter day deep dinner doctor dog door down dozen draw dream dress drink drive dry dust each early earth easy
eat edge eight engine enough evening every eye face fair fall family farm fast father fear feather feel few field
fight find finger fire first fish five flag floor flower fly follow food foot forest forget form four fox freeze fresh
friend from fruit full garden gather gentle gift girl give glass gold good grass great green ground group grow guess
hair half hammer hand happy hard have hear heart heavy hello help high hill history hold hole home honey hope horse
hot hour house huge human hungry ice idea if inside island join joke journey joy jump just keep kettle key kind king
kitchen knife know lake lamp language large last laugh law lead leaf learn leather leave left leg less letter light
like lion listen little long look loud love low lunch machine make many market match may measure meat meet message
middle might milk mine minute month moon morning mother mountain mouth move much music name narrow nature near neck
need neighbour never new night nine noise north nose nothing now number oak ocean off oil old once one onion open
orange other our out over own page paint paper part path peace pear people pepper picture piece pink place plant play
pleasure plenty point pool poor potato power pretty price proud pull push put queen question quick quiet rabbit rain
reach read ready red rich ride right ring river road rock roof room rope rough round rule run sad safe salt sand
school sea season second see seven shadow shake shape sharp she sheep shelf ship shirt shoe shop short shoulder shout
show silver sing sister six skin sky sleep slow small smell smile smoke smooth snow soap soft some song soon sound
soup south speak spoon spring square stair stand star start stay steam step still stone stop storm story straight
strange street strong sugar summer sun sure sweet swim table take talk tall taste teach tell ten thank that the there
these thick thin thing think third this those though thought three through throw thumb thunder time to today together
tomorrow tongue tooth top touch toward town toy travel treasure tree true trust try turn two uncle under until up use
usual valley very view village visit voice wait walk wall want warm wash watch water way weather week weight well west
wet what wheel where which while white who whole why wide wife wild wind window winter wish with woman wonder wood
wool word work world worth would write year yellow yes yesterday young your zebra zero zoo
"""
WORDS = tuple(_TEXT.split())

LENGTH = (5, 9)
"""Fewest and most words of a sentence."""


def draw(rng: np.random.Generator) -> str:
    """A sentence: words in any order, without repeats."""
    return " ".join(rng.choice(WORDS, rng.integers(*LENGTH, endpoint=True), replace=False))
