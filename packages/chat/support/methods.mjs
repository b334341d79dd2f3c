// The methods of the interface that this package follows, by what they are about.
const words = (text) => text.trim().split(/\s+/);

export const METHODS = {
  'The client': words(`
    login logout destroy isReady getLoginUser getServerTime on off registerPlugin setLogLevel callExperimentalAPI`),
  'Making messages': words(`
    createTextMessage createTextAtMessage createImageMessage createAudioMessage createVideoMessage createFileMessage
    createCustomMessage createFaceMessage createLocationMessage createMergerMessage createForwardMessage`),
  Messages: words(`
    sendMessage resendMessage revokeMessage deleteMessage modifyMessage findMessage downloadMergerMessage getMessageList
    getMessageListHopping clearHistoryMessage sendMessageReadReceipt getMessageReadReceiptList getGroupMessageReadMemberList
    setMessageExtensions getMessageExtensions deleteMessageExtensions addMessageReaction removeMessageReaction
    getMessageReactions getAllUserListOfMessageReaction pinGroupMessage getPinnedGroupMessageList translateText
    convertVoiceToText searchCloudMessages searchCloudGroups searchCloudUsers searchCloudGroupMembers`),
  Conversations: words(`
    getConversationList getConversationProfile setMessageRead setAllMessageRead getTotalUnreadMessageCount pinConversation
    deleteConversation setConversationDraft setConversationCustomData markConversation getConversationGroupList
    createConversationGroup deleteConversationGroup renameConversationGroup addConversationsToGroup
    deleteConversationsFromGroup setMessageRemindType setAllReceiveMessageOpt getAllReceiveMessageOpt`),
  Groups: words(`
    getGroupList getGroupProfile createGroup dismissGroup updateGroupProfile joinGroup quitGroup searchGroupByID
    getGroupOnlineMemberCount changeGroupOwner getGroupApplicationList handleGroupApplication initGroupAttributes
    setGroupAttributes deleteGroupAttributes getGroupAttributes setGroupCounters increaseGroupCounter decreaseGroupCounter
    getGroupCounters getJoinedCommunityList createTopicInCommunity deleteTopicFromCommunity updateTopicProfile getTopicList`),
  Members: words(`
    getGroupMemberList getGroupMemberProfile addGroupMember deleteGroupMember setGroupMemberMuteTime setGroupMemberRole
    setGroupMemberNameCard setGroupMemberCustomField markGroupMemberList`),
  Accounts: words(`
    getMyProfile getUserProfile updateMyProfile getBlacklist addToBlacklist removeFromBlacklist setSelfStatus getUserStatus
    subscribeUserStatus unsubscribeUserStatus`),
  Friends: words(`
    getFriendList addFriend deleteFriend checkFriend getFriendProfile updateFriend getFriendApplicationList
    acceptFriendApplication refuseFriendApplication deleteFriendApplication setFriendApplicationRead getFriendGroupList
    createFriendGroup deleteFriendGroup addToFriendGroup removeFromFriendGroup renameFriendGroup`),
  Following: words(`
    followUser unfollowUser getMyFollowersList getMyFollowingList getMutualFollowersList getUserFollowInfo checkFollowType`),
  Signals: words(`
    addSignalingListener removeSignalingListener invite inviteSync inviteInGroup inviteInGroupSync cancel accept reject
    getSignalingInfo modifyInvitation`),
};

export const ALL = Object.values(METHODS).flat();
