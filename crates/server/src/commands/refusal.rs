//! Refusals of operations and errors of the store as failures: each reason and its code once.

use crate::code::Code;
use crate::reply::Failure;
use landfall_domain::error::{OperationError, StoreError};
use landfall_domain::refusal::{Refusal, TooMany};

/// The text that the service sends with 10010. [sample]
pub(super) const NO_SUCH_GROUP: &str = "this group does not exist";

/// The code of the group service; the services of accounts and of messages have codes of their own.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Code::GroupInternal.internal(error)
    }
}

impl<Refused: Into<Refusal>> From<OperationError<Refused>> for Failure {
    fn from(error: OperationError<Refused>) -> Self {
        match error {
            OperationError::Refused(refused) => refused.into().into(),
            OperationError::Store(error) => error.into(),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        if refusal == Refusal::NoSuchGroup {
            return Code::GroupNotFound.because(NO_SUCH_GROUP);
        }
        code(&refusal).because(refusal.to_string())
    }
}

fn code(refusal: &Refusal) -> Code {
    match refusal {
        Refusal::NoSuchGroup => Code::GroupNotFound,
        // Removing an owner that must stay is 10007 on the page of that command; 10009 is for leaving by oneself. [doc]
        Refusal::TypeForbids(_) | Refusal::GroupForbids(_) | Refusal::OwnerStays(_) => Code::GroupNotAllowed,
        Refusal::NotPermitted { .. }
        | Refusal::AppOnly
        | Refusal::NotOneself
        | Refusal::NotIn
        | Refusal::Oneself
        | Refusal::Outranked(_) => Code::GroupNotAllowed,
        Refusal::AlreadyAMember => Code::GroupAlreadyMember,
        Refusal::OwnerQuits => Code::GroupOwnerStays,
        Refusal::NoSuchApplication => Code::GroupApplicationHandled,
        Refusal::RecallOver(_) => Code::GroupRecallOver,
        Refusal::Unfitting(_) | Refusal::NotAMember(_) | Refusal::NoNumbersLeft => Code::GroupParameter,
        Refusal::NoSuchAccount(_) => Code::GroupAccountUnknown,
        Refusal::Full => Code::GroupFull,
        Refusal::Muted => Code::GroupMuted,
        Refusal::NoSuchMessage => Code::MessageMissing,
        Refusal::MessageGone => Code::MessageNotRecallable,
        Refusal::MessageTooLong(_) => Code::MessageTooLong,
        Refusal::NoMessageToExtend => Code::ExtensionMissing,
        Refusal::NotExtensible => Code::ExtensionsUnsupported,
        Refusal::NoSuchTopic => Code::TopicIdIllegal,
        Refusal::TopicTaken | Refusal::PermissionGroupTaken => Code::GroupIdTaken,
        Refusal::NoSuchPermissionGroup => Code::PermissionGroupMissing,
        Refusal::TooMany(TooMany::Attributes(_)) => Code::TooManyAttributes,
        Refusal::TooMany(TooMany::AttributeBytes(_)) => Code::AttributesTooLong,
        Refusal::TooMany(TooMany::Counters(_)) => Code::TooManyCounters,
        Refusal::TooMany(
            TooMany::Topics(_)
            | TooMany::PermissionGroups(_)
            | TooMany::Admins(_)
            | TooMany::Applications(_)
            | TooMany::Extensions(_),
        ) => Code::GroupParameter,
        Refusal::NoSuchAttribute(_) => Code::AttributeMissing,
    }
}
