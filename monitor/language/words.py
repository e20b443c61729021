"""Words that carry grammar, by language, and English words that are names when they are written with a capital."""

from __future__ import annotations

from monitor.letters import fold

#: Words that carry grammar, not meaning. Before the bar: words that also tell the language. Behind it: words that carry
#: meaning in another language ("die", "war", "sin"), which count only once the language is known by the others.
_FUNCTION_WORDS = {
    "en": (
        "the and of for with from by as at is are was were be been being has have had does did would could "
        "should might must its he she they them his her their this that these those there which what when "
        "where how you your our into than then about after before between through during against under over "
        "because while who will not but or an to if it we us me my him such so no nor too very also just only "
        "own same other each both few more most some any all out up down off again a on in can may do i |"
    ),
    "de": (
        "der das den dem des ein eine einen einem einer eines und oder von vom zu zum zur auf für aus durch "
        "gegen ohne nach über unter bei mit ist sind wird werden wurde nicht auch sich dass wie als aber ich "
        "wir sie er es ihr sein im ins noch nur | die war was hat in an am so um bis man"
    ),
    "fr": (
        "le la les des du de un une et ou où à au aux en dans par pour sur avec sans sous entre vers chez que "
        "qui dont ce cet cette ces il elle ils elles nous vous leur leurs ne pas est sont été être ont selon "
        "contre a | son sa ses plus on se y"
    ),
    "es": (
        "el la los las un una unos unas de del al y o e en por para con sin sobre entre hasta desde contra "
        "según que quien cuyo se su sus lo le les es son fue ser ha han no como más pero este esta a |"
    ),
    "it": (
        "il lo la i gli le un uno una di del dello della dei degli delle al allo alla ai agli alle da dal "
        "dalla nel nella nei con su sul sulla per tra fra e ed o che chi cui si non è sono ha hanno come più "
        "ma a | in"
    ),
    "pt": (
        "o a os as um uma uns umas de do da dos das no na nos nas em por pelo pela para com sem sobre entre "
        "até contra e ou que quem se seu sua seus não é são foi ser ao à aos como mais mas eu |"
    ),
    "nl": (
        "de het een en van voor met op aan in bij uit naar tegen door onder tussen tot om te zijn is wordt "
        "worden niet ook dat deze dit er maar als zij hij wij | die was of over"
    ),
    "sv": (
        "och att det en ett som på är av för med till den har inte om från men vid mot efter utan under eller "
        "ska kan | de i var"
    ),
    "da": (
        "og at det en et som på er af for med til den har ikke om fra men ved mod efter uden under eller skal "
        "kan de | i var"
    ),
    "no": (
        "og at det en et som på er av for med til den har ikke om fra men ved mot etter uten under eller skal "
        "kan de | i var"
    ),
    "pl": (
        "i w we z ze na do od o u po za przez dla przy nad pod przed między oraz lub albo ale nie się jest są "
        "był że jak który która które tym tego | to"
    ),
    "cs": (
        "a v ve na do od z ze s se o u po za pro při nad pod před mezi nebo ale ne je jsou byl že jak který "
        "která které jako | to i k"
    ),
    "ro": (
        "și de la în cu pe din pentru prin către între sub fără sau dar nu este sunt a al ai ale un o care că mai | se"
    ),
    "hu": ("a az egy és vagy nem is hogy van volt ki mely ami aki mint után alatt között ellen | ez de"),
    "fi": ("ja on ei että se oli ovat mutta tai kun myös joka jonka sekä kuin mukaan | in"),
    "tr": ("ve bir bu için ile mi ne ki gibi daha çok ama veya olarak olan göre kadar sonra | o da de"),
    "ru": (
        "и в во на с со к ко о об обо от до из у по за под над при про для без через между перед около против "
        "ради после среди кроме а но или либо да же бы ли не ни что чтобы как когда где если то это этот эта "
        "эти тот та те он она оно они его ее их ему им мы вы я ты нас вас мой свой который которая которые "
        "которых был была были быть есть также уже еще только |"
    ),
    "uk": (
        "і й та в у на з із зі до від о об по за під над при про для без через між перед біля проти після "
        "серед крім а але або чи же б не ні що щоб як коли де якщо то це цей ця ці той він вона воно вони "
        "його її їх йому їм ми ви я ти нас вас мій свій який яка яке які яких був була були бути є також вже "
        "ще тільки |"
    ),
    "ca": (
        "el la els les un una uns unes de del dels al als i o en per amb sense sobre entre fins des contra segons que "
        "qui seu seva seus seves ho li són és ha han no com més però aquest aquesta va a | es"
    ),
    "sk": (
        "a v vo na do od z zo s so u o po za pre pri nad pod pred medzi alebo ale nie sa je sú bol bola že ak ktorý "
        "ktorá ktoré ako pod aj už | to i k"
    ),
    "hr": (
        "i u na do od iz s sa o po za pri nad pod pred među ili ali ne se je su bio bila da ako koji koja koje kao "
        "nije nakon prema zbog već što | to a"
    ),
    "sl": (
        "in v na do od iz z s o po za pri nad pod pred med ali ne se je so bil bila da če ki kot ni pa tudi zaradi "
        "po proti že | to a"
    ),
    "lt": "ir į iš su be apie po už prie nuo iki per tarp prieš bet arba ne yra buvo kad kaip kuris kurie tai jo dėl |",
    "lv": "un ar no uz par pie pēc līdz bez pret starp vai bet nav ir bija ka kā kas kurš tas tā šis to savu gan |",
    "et": "ja on ei et see oli kui ka aga või oma mis kes ning pärast enne kuni ta nad ole selle | ka",
    "id": "dan yang di ke dari untuk dengan pada oleh dalam akan tidak ini itu adalah telah sudah juga atau para |",
    "bg": (
        "и в във на с със от до из за под над при без през между пред около против след освен а но или ли не ни че "
        "да се са е си ще като кога къде ако това този тази тези той тя то те го му им съм бе беше били който която "
        "които което още само | по"
    ),
    "be": (
        "і ў у на з са да ад аб па за над пры пра для без праз паміж каля супраць пасля а але ці ж не ні што каб як "
        "калі дзе гэта гэты гэтая той та ён яна яно яны яго яе іх яму быў была было былі які якая якія таксама ўжо |"
    ),
    "sr": (
        "и у на до од из с са о по за при над под пред међу или али не се је су био била да ако који која које као "
        "није након према због већ што је |"
    ),
    "mk": (
        "и во на до од со за под над при без меѓу пред против по а но или не ни дека да се е беше што како кога каде "
        "ако ова овој оваа тој таа тие го му ги ќе кој која кои само |"
    ),
}

#: Everyday English words that are, with a capital, mostly names of people, firms, months or bodies. A rule that writes
#: one with a capital means the name, which is always written so: "Polish" must not ring for polish.
_NAMESAKES = (
    "aid amazon apple august bath blunt brown bush chase cook cork delta dow drew fed ford fox frank gap gates "
    "gore grant guardian hunt ice intel jobs march mark may meta mirror musk nice oracle orange patriot polish "
    "quad rob rose seal shell slack snap son start stripe sue sun swift target times trump truss turkey visa "
    "will windows wolf young zoom"
)
NAMESAKES = frozenset(_NAMESAKES.split())


def _function_words() -> tuple[dict[str, frozenset[str]], dict[str, tuple[str, ...]]]:
    words, telling = {}, dict[str, tuple[str, ...]]()
    for code, listed in _FUNCTION_WORDS.items():
        clear, _, shared = listed.partition("|")
        words[code] = frozenset(fold(word) for word in (clear + shared).split())
        for word in frozenset(clear.split()) | frozenset(fold(word) for word in clear.split()):
            telling[word] = (*telling.get(word, ()), code)
    return words, telling


#: Folded function words by language; and the languages that a word tells, for those that tell any.
FUNCTION_WORDS, TELLING = _function_words()
#: Folded words that carry no meaning in some language.
ANY_FUNCTION_WORD = frozenset[str]().union(*FUNCTION_WORDS.values())
