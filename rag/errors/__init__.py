"""Everything that can go wrong, in words for the person at the screen; nothing here knows how it is shown.

AulaError
├── ModelError
│   ├── ModelNotFound        no such name in the catalogue or the models folder
│   ├── ModelNotInstalled    known, but its files are not here yet
│   ├── ModelNotReady        still loading, or none is installed
│   ├── ModelLoadFailed      the file is there and cannot be used
│   ├── EmbedderMissing      there is no embedding model, so nothing has a vector
│   ├── ModelInUse           it cannot be removed or replaced now
│   ├── SourceUnreachable    no source of a download answered
│   ├── WrongHash            a download is not the file it should be
│   └── NotEnoughDisk        no room for a download
├── DocumentError
│   ├── DocumentNotFound     no such document, or another's
│   ├── UnsupportedFormat    a format that no loader reads
│   │   └── OldFormat        what came before it: .doc, .xls, .ppt, .rtf
│   ├── EmptyDocument        nothing in it
│   ├── EncryptedDocument    it asks for a password
│   │   └── WrongPassword    and not for this one
│   ├── ProtectedDocument    it has a password that is of no use here: an office file, a book with DRM
│   ├── DamagedDocument      not readable as what it says it is
│   ├── ImageOnlyDocument    pictures of text only
│   ├── ParseTimeout         reading took too long and was ended
│   ├── ParseOutOfMemory     reading took too much memory and was ended
│   ├── TooLarge             over a limit
│   ├── PageNotFound         no such page in the document
│   ├── PageNotDrawn         no picture can be made of a page
│   ├── BadCut               chunk size or overlap outside what makes sense
│   ├── DocumentShared       somebody else holds it too, so it stays as it is
│   ├── NothingToCut         nothing of it could be read
│   ├── ArchiveUnsafe        too many files in a ZIP, too large ones, or made to fill the disk
│   ├── ArchiveNested        an archive inside of another
│   ├── ArchiveLink          a member that only points elsewhere
│   ├── AddressError
│   │   ├── AddressInvalid   no web address, or one with a password or an odd port
│   │   ├── AddressRefused   it leads to this machine or to a private network
│   │   ├── AddressOffline   nothing is fetched: started offline
│   │   └── AddressUnreachable  no answer, or not the one that was asked for
│   ├── OcrMissing           a page is a picture, and Tesseract is not installed
│   └── NoRoom               the disk is full
├── QuestionError
│   ├── EmptyQuestion
│   └── QuestionTooLong      question and instructions exceed the context window
├── PromptError
│   ├── TemplateCode         a prompt with loops, conditions or filters
│   ├── VariableMissing      a variable that no value was given for
│   ├── RowVariableMissing   a row that leaves a variable empty
│   ├── RowEmpty             an empty line of the table, where a row was meant
│   ├── ExperimentInvalid    an experiment that is not put together as it must be
│   │   ├── StrategyInvalid  a file of a strategy, likewise
│   │   └── StrategyUnreadable  one that is no YAML, or no text at all
│   ├── FileNotText          a file of one's own that is no text
│   ├── UnsafeCheck          an imported check that would run code or read a file
│   ├── BadCheck             a check that cannot work: a regular expression, a schema, a number
│   ├── TableUnreadable      a test set that cannot be read as a table
│   ├── TableTooLarge        more rows, columns or text than a test set may have
│   ├── RowTooLong           more cells than the header has
│   ├── LengthsDiffer        variables that cannot go side by side
│   ├── KeyRepeated          a key that stands twice
│   ├── YamlUnreadable       an import that is not YAML
│   ├── YamlTooLarge         an import that is too large, or grows too large
│   ├── SecretMissing        a defence whose prompt has no place for the secret
│   ├── StrategyNotFound     no such strategy, saved item or run, or another's
│   ├── RunFailed            a fault of our own ended a run
│   └── NothingToRun         no column or no row
├── DataInUse                another Aula is running on the data folder
├── CollectionError
│   ├── CollectionNotFound   no such collection, or another's
│   ├── CollectionExists     the name is taken
│   ├── CollectionUnnamed    no name, or one that is too long
│   ├── CollectionEmpty      nothing in it that could be asked
│   └── FolderUnreadable     a folder that is not there, or not to be looked into
├── ConversationNotFound     no such conversation, or another's
├── DataTooNew               the data folder was written by a newer Aula
├── BackupError
│   ├── NothingToBackUp      a folder without a database
│   ├── NotABackup           a file of another kind
│   ├── BackupDamaged        a part of it is missing or is not what it was
│   ├── BackupTooNew         made by a newer Aula
│   ├── BackupNoRoom         no room on the disk to make or restore one
│   ├── BackupWaited         a file that was handed over, and swept away since
│   ├── RestoreBusy          answers or runs are under way that a restore would lose
│   └── RestoreFailed        what was restored could not be opened; the old data is back
├── LabError
│   ├── NoBeginning          no text to be gone on with
│   ├── LookAgain            what is shown was reckoned by another model than the one chosen now
│   ├── NoStrategy           no way of choosing tokens to be tried
│   ├── NoTemperature        no temperature to be tried
│   ├── NeedleIncomplete     no sentence to hide, no question or no expected word
│   ├── NeedleTooLong        a prompt has no room for a text around it
│   ├── NeedleInText         the text has the answer without the needle
│   ├── HaystackTooShort     a document with less text than was to be read
│   ├── NothingToCompare     no text to read, or no prompt to answer
│   ├── TwoModelsLent        two models to compare, and neither is the one in use
│   ├── SentenceTooLong      more tokens than the attention panel draws
│   ├── WordNotThere         a word that a sentence does not have
│   ├── TooFewPassages       a map of next to nothing
│   ├── MapNotDrawn          the process that works a map out has failed
│   ├── TextTooShort         too few words to count
│   └── TextTooLong          a text longer than the lab looks at
├── TreeFull                 the lab's tree of branches has grown as large as it may
├── AnswerNotKept            a finished answer whose exact prompt is not there any more
├── NoAnswerYet              nothing was answered that could be looked at
├── BadOption                an option outside its range
└── Cancelled                the person asked to stop
"""

from __future__ import annotations

from rag.errors.base import (
    AulaError,
    BadOption,
    Cancelled,
)
from rag.errors.data import (
    BackupDamaged,
    BackupError,
    BackupNoRoom,
    BackupTooNew,
    BackupWaited,
    DataInUse,
    DataTooNew,
    NotABackup,
    NothingToBackUp,
    RestoreBusy,
    RestoreFailed,
)
from rag.errors.documents import (
    AddressError,
    AddressInvalid,
    AddressOffline,
    AddressRefused,
    AddressUnreachable,
    ArchiveLink,
    ArchiveNested,
    ArchiveUnsafe,
    BadCut,
    DamagedDocument,
    DocumentError,
    DocumentNotFound,
    DocumentShared,
    EmptyDocument,
    EncryptedDocument,
    ImageOnlyDocument,
    NoRoom,
    NothingToCut,
    OcrMissing,
    OldFormat,
    PageNotDrawn,
    PageNotFound,
    ParseOutOfMemory,
    ParseTimeout,
    ProtectedDocument,
    TooLarge,
    UnsupportedFormat,
    WrongPassword,
)
from rag.errors.lab import (
    AnswerNotKept,
    HaystackTooShort,
    LabError,
    LookAgain,
    MapNotDrawn,
    NeedleIncomplete,
    NeedleInText,
    NeedleTooLong,
    NoAnswerYet,
    NoBeginning,
    NoStrategy,
    NoTemperature,
    NothingToCompare,
    SentenceTooLong,
    TextTooLong,
    TextTooShort,
    TooFewPassages,
    TreeFull,
    TwoModelsLent,
    WordNotThere,
)
from rag.errors.library import (
    CollectionEmpty,
    CollectionError,
    CollectionExists,
    CollectionNotFound,
    CollectionUnnamed,
    ConversationNotFound,
    EmptyQuestion,
    FolderUnreadable,
    QuestionError,
    QuestionTooLong,
)
from rag.errors.models import (
    EmbedderMissing,
    ModelError,
    ModelInUse,
    ModelLoadFailed,
    ModelNotFound,
    ModelNotInstalled,
    ModelNotReady,
    NotEnoughDisk,
    SourceUnreachable,
    WrongHash,
)
from rag.errors.prompts import (
    BadCheck,
    ExperimentInvalid,
    FileNotText,
    KeyRepeated,
    LengthsDiffer,
    NothingToRun,
    PromptError,
    RowEmpty,
    RowTooLong,
    RowVariableMissing,
    RunFailed,
    SecretMissing,
    StrategyInvalid,
    StrategyNotFound,
    StrategyUnreadable,
    TableTooLarge,
    TableUnreadable,
    TemplateCode,
    UnsafeCheck,
    VariableMissing,
    YamlTooLarge,
    YamlUnreadable,
)

__all__ = [
    "AddressError",
    "AddressInvalid",
    "AddressOffline",
    "AddressRefused",
    "AddressUnreachable",
    "AnswerNotKept",
    "ArchiveLink",
    "ArchiveNested",
    "ArchiveUnsafe",
    "AulaError",
    "BackupDamaged",
    "BackupError",
    "BackupNoRoom",
    "BackupTooNew",
    "BackupWaited",
    "BadCheck",
    "BadCut",
    "BadOption",
    "Cancelled",
    "CollectionEmpty",
    "CollectionError",
    "CollectionExists",
    "CollectionNotFound",
    "CollectionUnnamed",
    "ConversationNotFound",
    "DamagedDocument",
    "DataInUse",
    "DataTooNew",
    "DocumentError",
    "DocumentNotFound",
    "DocumentShared",
    "EmbedderMissing",
    "EmptyDocument",
    "EmptyQuestion",
    "EncryptedDocument",
    "ExperimentInvalid",
    "FileNotText",
    "FolderUnreadable",
    "HaystackTooShort",
    "ImageOnlyDocument",
    "KeyRepeated",
    "LabError",
    "LengthsDiffer",
    "LookAgain",
    "MapNotDrawn",
    "ModelError",
    "ModelInUse",
    "ModelLoadFailed",
    "ModelNotFound",
    "ModelNotInstalled",
    "ModelNotReady",
    "NeedleInText",
    "NeedleIncomplete",
    "NeedleTooLong",
    "NoAnswerYet",
    "NoBeginning",
    "NoRoom",
    "NoStrategy",
    "NoTemperature",
    "NotABackup",
    "NotEnoughDisk",
    "NothingToBackUp",
    "NothingToCompare",
    "NothingToCut",
    "NothingToRun",
    "OcrMissing",
    "OldFormat",
    "PageNotDrawn",
    "PageNotFound",
    "ParseOutOfMemory",
    "ParseTimeout",
    "PromptError",
    "ProtectedDocument",
    "QuestionError",
    "QuestionTooLong",
    "RestoreBusy",
    "RestoreFailed",
    "RowEmpty",
    "RowTooLong",
    "RowVariableMissing",
    "RunFailed",
    "SecretMissing",
    "SentenceTooLong",
    "SourceUnreachable",
    "StrategyInvalid",
    "StrategyNotFound",
    "StrategyUnreadable",
    "TableTooLarge",
    "TableUnreadable",
    "TemplateCode",
    "TextTooLong",
    "TextTooShort",
    "TooFewPassages",
    "TooLarge",
    "TreeFull",
    "TwoModelsLent",
    "UnsafeCheck",
    "UnsupportedFormat",
    "VariableMissing",
    "WordNotThere",
    "WrongHash",
    "WrongPassword",
    "YamlTooLarge",
    "YamlUnreadable",
]
