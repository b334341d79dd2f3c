//! Every error code of the API.

/// A number for `ErrorCode`, or for the result of one item.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Code {
    /// What is asked of the archive of messages is not of the documented form.
    HistoryParameter = 1002,
    /// Internal error of the archive of messages; the same call may succeed later.
    HistoryInternal = 1003,
    /// The file of that hour is not made yet, or nothing was sent.
    HistoryNotReady = 1004,
    /// The file of that hour is not kept any longer.
    HistoryExpired = 1005,
    /// Internal error of the group service; the same call may succeed later.
    GroupInternal = 10002,
    /// No such command in the group service.
    GroupCommandUnknown = 10003,
    /// A parameter is missing, ill-typed or over its limit; the text says which.
    GroupParameter = 10004,
    /// More accounts in the request than the command takes.
    GroupTooManyAccounts = 10005,
    /// The group's type does not support it, or no account may do it.
    GroupNotAllowed = 10007,
    /// The request is illegal for every caller.
    GroupRequestIllegal = 10008,
    /// The owner of such a group cannot leave it.
    GroupOwnerStays = 10009,
    /// No such group, or it was dissolved.
    GroupNotFound = 10010,
    /// The account is in it already.
    GroupAlreadyMember = 10013,
    /// The group is full.
    GroupFull = 10014,
    /// Malformed group id.
    GroupIdIllegal = 10015,
    /// The app's webhook refused it.
    WebhookRefused = 10016,
    /// The sender is muted, or the whole group is.
    GroupMuted = 10017,
    /// The answer would be larger than allowed.
    GroupReplyTooLarge = 10018,
    /// The accounts named are not imported.
    GroupAccountUnknown = 10019,
    /// Every message of an import is too long.
    ImportTooLong = 10020,
    /// The group id is in use.
    GroupIdTaken = 10021,
    /// No application waits, or it was handled.
    GroupApplicationHandled = 10024,
    /// The group id is in use by a group of the same owner.
    GroupIdTakenByOwner = 10025,
    /// The message to be recalled or changed does not exist.
    MessageMissing = 10030,
    /// The message is too old to be recalled by its sender.
    GroupRecallOver = 10031,
    /// The message cannot be recalled or changed.
    MessageNotRecallable = 10032,
    /// Groups of this type keep no messages that could be recalled.
    GroupWithoutRecall = 10033,
    /// More members than the group may hold.
    GroupTooManyMembers = 10038,
    /// The key of an attribute is too long.
    AttributeKeyTooLong = 10045,
    /// The value of an attribute is too long.
    AttributeValueTooLong = 10046,
    /// More attributes than a group may have.
    TooManyAttributes = 10047,
    /// All attributes together are too long.
    AttributesTooLong = 10048,
    /// The attributes of one group are changed too often.
    AttributesTooFrequent = 10049,
    /// The attribute to delete does not exist.
    AttributeMissing = 10050,
    /// A message mentions more members than allowed.
    TooManyAt = 10053,
    /// The group is too large for read receipts.
    TooLargeForReceipts = 10060,
    /// The message has no read receipts, or does not exist.
    ReceiptMissing = 10062,
    /// More counters than a group may have.
    TooManyCounters = 10063,
    /// The topic does not exist, or was deleted.
    TopicDeleted = 110_003,
    /// No such permission group.
    PermissionGroupMissing = 110_006,
    /// The permission group does not exist, or was deleted.
    PermissionGroupDeleted = 110_008,
    /// The permission group has permissions in the topic already.
    TopicPermissionTaken = 110_010,
    /// The permission group has no permissions in the topic.
    TopicPermissionMissing = 110_011,
    /// Not the id of a topic of this community.
    TopicIdIllegal = 110_013,
    /// The permission group no longer has permissions in the topic.
    TopicPermissionDeleted = 110_014,
    /// The app's webhook refused a message to an account.
    DirectRefused = 20006,
    /// Internal error of the service of official accounts; the same call may succeed later.
    OfficialInternal = 20005,
    /// The message to an account is too old to be recalled by its sender.
    DirectRecallOver = 20016,
    /// The message between two accounts does not exist.
    DirectMissing = 20022,
    /// The message between two accounts was recalled already.
    DirectRecalled = 20023,
    /// An extension of a message was changed by somebody else.
    ExtensionConflict = 23001,
    /// The message takes no extensions.
    ExtensionsUnsupported = 23002,
    /// The extension, or the message itself, does not exist.
    ExtensionMissing = 23004,
    /// A text has a word that the app does not allow.
    TextRefused = 80_001,
    /// A message is too long.
    MessageTooLong = 80_002,
    /// The app's webhook gave no usable answer in time, and `on_timeout` refuses.
    WebhookTimeout = 80_003,
    /// The URL is not of the API's form, or the request cannot be read.
    HttpParse = 60002,
    /// The body is not JSON, or empty.
    JsonParse = 60003,
    /// `identifier` is missing or malformed.
    IdentifierIllegal = 60004,
    /// `usersig` is missing.
    UserSigMissing = 60005,
    /// `sdkappid` is not a number, or no app of this server.
    AppUnknown = 60006,
    /// The command is called too often.
    TooFrequent = 60007,
    /// No answer in time, or the command of another service.
    TimeoutOrFormat = 60008,
    /// No such service or command.
    ResourceUnknown = 60009,
    /// The caller is no administrator of the app.
    AdminRequired = 60010,
    /// `sdkappid` is missing.
    AppMissing = 60012,
    /// An account is not a JSON string.
    AccountNotText = 60015,
    /// The command is known and not built in this version.
    NotBuilt = 60017,
    /// The account whose conversations are meant does not exist.
    ChatOwnerUnknown = 50001,
    /// A parameter of a conversation command is missing or illegal.
    ChatParameter = 50002,
    /// Internal error of the conversation service; the same call may succeed later.
    ChatInternal = 50004,
    /// No conversation to mark is named, or too many are.
    ChatMarksIllegal = 51006,
    /// The group of a conversation does not exist.
    ChatGroupUnknown = 51007,
    /// More conversations would be in folders, or marked, than allowed.
    TooManyChats = 51008,
    /// No such folder of conversations.
    FolderUnknown = 51009,
    /// More folders of conversations than allowed.
    TooManyFolders = 51010,
    /// The name of a folder of conversations is too long.
    FolderNameTooLong = 51011,
    /// More conversations would be pinned than allowed.
    TooManyPinned = 51012,
    /// A parameter of a command about official accounts is missing or illegal.
    OfficialParameter = 6017,
    /// The UserSig is expired.
    UserSigExpired = 70001,
    /// The UserSig is empty.
    UserSigEmpty = 70002,
    /// The UserSig cannot be decoded.
    UserSigMalformed = 70003,
    /// The UserSig was made with another key.
    UserSigWrongKey = 70009,
    /// The UserSig is for another account.
    UserSigWrongUser = 70013,
    /// The UserSig is for another app.
    UserSigWrongApp = 70014,
    /// Too many UserSigs from one address were refused.
    UserSigTooManyFailures = 70050,
    /// The UserSig was made before the account was kicked.
    UserSigRevoked = 70052,
    /// No such account.
    AccountUnknown = 70107,
    /// A parameter of an account command is missing or illegal.
    AccountParameter = 70402,
    /// Internal error of the account service; the same call may succeed later.
    AccountInternal = 70500,
    /// The body of a profile command is not JSON, or a parameter is missing or ill-typed.
    ProfileParameter = 40001,
    /// `To_Account` of a profile command is missing.
    ProfileAccountsMissing = 40002,
    /// The account whose profile is meant does not exist.
    ProfileAccountUnknown = 40003,
    /// A text in a profile has a word that the app does not allow.
    ProfileTextRefused = 40005,
    /// Internal error of the profile service; the same call may succeed later.
    ProfileInternal = 40006,
    /// The field of a profile is read-only.
    ProfileNotWritable = 40008,
    /// No such field of a profile.
    ProfileTagUnknown = 40009,
    /// A value in a profile is too long.
    ProfileTooLong = 40601,
    /// The value of a standard field of a profile is none of those it takes.
    ProfileValueWrong = 40605,
    /// The value of a field of a profile has another JSON type.
    ProfileValueType = 40610,
    /// A parameter of a friend command is missing, ill-typed or over its limit; or an item cannot be.
    FriendParameter = 30001,
    /// The account, or that of an item, does not exist.
    FriendAccountUnknown = 30003,
    /// A text about a friend has a word that the app does not allow.
    FriendTextRefused = 30005,
    /// Internal error of the friend service; the same call may succeed later.
    FriendInternal = 30006,
    /// The account is barred from adding friends.
    BarredFromFriends = 30009,
    /// The account has as many friends as allowed.
    TooManyFriends = 30010,
    /// The account has as many lists of friends as allowed.
    TooManyFriendLists = 30011,
    /// Too many requests of friendship wait for an answer.
    TooManyFriendRequests = 30012,
    /// The blocklist is full.
    BlocklistFull = 30013,
    /// The friend to be has as many friends as allowed.
    OtherHasTooManyFriends = 30014,
    /// The friend to be is on the account's own blocklist.
    OnOwnBlocklist = 30515,
    /// The friend to be takes nobody.
    OtherTakesNobody = 30516,
    /// The account is on the blocklist of the friend to be.
    OnOthersBlocklist = 30525,
    /// The friend to be was asked and has to agree.
    FriendAsked = 30539,
    /// The account to be deleted is no friend.
    NotFriend = 31704,
    /// The friend to be deleted does not exist.
    FriendToDeleteUnknown = 31804,
    /// The account follows as many others as allowed.
    TooManyFollowed = 32100,
    /// The account to be put into a list is no friend.
    NotFriendToList = 32216,
    /// The body of a message command is not JSON.
    MessageJsonParse = 90001,
    /// An element of `MsgBody` has not the documented form.
    ElementIllegal = 90002,
    /// `To_Account` is missing, or no list of texts.
    ToAccountIllegal = 90003,
    /// `MsgSeq` is no number of 32 bits.
    MsgSeqIllegal = 90004,
    /// `MsgRandom` is missing, or no number of 32 bits.
    MsgRandomIllegal = 90005,
    /// `MsgTimeStamp` is missing, or no time.
    MsgTimeIllegal = 90006,
    /// `MsgBody` is missing, or no list.
    MsgBodyIllegal = 90007,
    /// `From_Account` is missing, or no account.
    FromAccountIllegal = 90008,
    /// A message, or what goes with it, has not the documented form.
    MessageIllegal = 90010,
    /// `To_Account` names too many.
    TooManyToAccounts = 90011,
    /// No account that `To_Account` names exists.
    ReceiverUnknown = 90012,
    /// A call about attributes or tags names too many accounts.
    TooManyPushAccounts = 90018,
    /// A tag that chooses the receivers of a push is too long.
    PushTagTooLong = 90020,
    /// A tag that chooses the receivers of a push is in both lists.
    TagInBothLists = 90022,
    /// The last push to everybody was too short a time ago.
    PushTooSoon = 90024,
    /// `MsgLifeTime` is no time that a message can be kept.
    LifeTimeIllegal = 90026,
    /// `SyncFromOldSystem` is missing or unknown; or the name of an attribute is too long or too short.
    SyncFromOldOrAttributeName = 90030,
    /// `SyncOtherMachine` is unknown.
    SyncOtherIllegal = 90031,
    /// Too many tags in a list, or of an account.
    TooManyTags = 90032,
    /// An attribute does not exist, or its value is too long.
    AttributeIllegal = 90033,
    /// A tag is too long.
    TagTooLong = 90034,
    /// The receivers of a push are chosen by attributes and by tags.
    AttributesWithTags = 90039,
    /// A tag is empty.
    TagEmpty = 90040,
    /// `OfflinePushInfo` has not the documented form.
    PushInfoIllegal = 90043,
    /// `MsgLifeTime` is no number.
    LifeTimeNotNumber = 90044,
    /// The app has pushed as often as it may in a day.
    TooManyPushes = 90047,
    /// The account that sends, or whose attributes or tags change, does not exist.
    SenderUnknown = 90048,
    /// `MsgKey` is not of the documented form.
    MsgKeyIllegal = 90054,
    /// Internal error of the message service; the same call may succeed later.
    MessageInternal = 90994,
    /// Internal error of the push service; the same call may succeed later.
    PushInternal = 91000,
    /// A message to an account is too long.
    DirectTooLong = 93_000,
    /// The body of a configuration command is not JSON.
    ConfigJsonParse = 130_001,
    /// `Get_Account` is missing.
    MutedAccountMissing = 130_002,
    /// `Get_Account` is no account.
    MutedAccountIllegal = 130_003,
    /// `Set_Account` is missing.
    MuteAccountMissing = 130_004,
    /// `Set_Account` is no account.
    MuteAccountIllegal = 130_005,
    /// Not the id of an official account.
    OfficialIdIllegal = 130_007,
    /// No time of a mute is given, or none that can be.
    MuteTimeIllegal = 130_008,
    /// Internal error of the configuration service; the same call may succeed later.
    ConfigInternal = 130_014,
}

impl Code {
    /// No such official account, or it was destroyed. The configuration service uses the same number.
    pub const OFFICIAL_UNKNOWN: Self = Self::MuteAccountMissing;
    /// The id of the official account is in use. The configuration service uses the same number.
    pub const OFFICIAL_TAKEN: Self = Self::MuteTimeIllegal;

    #[must_use]
    pub fn number(self) -> u32 {
        self as u32
    }
}
