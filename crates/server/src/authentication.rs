//! Which app a request is for, and which account signed it.

use crate::apps::App;
use crate::code::Code;
use crate::connection::Caller;
use crate::reply::Failure;
use crate::state::Server;
use crate::url::Query;
use crate::usersig::{self, Problem, Verified};
use landfall_domain::ids::{AppId, UserId};
use landfall_domain::time::Timestamp;
use std::sync::Arc;

/// An administrator of an app that signed a request, or in whose name the console acts. Only [`administrator`] makes the one,
/// so it proves that the signature was checked, and only [`of_console`](Self::of_console) the other.
pub(crate) struct Administrator {
    app: Arc<App>,
    account: UserId,
}

impl Administrator {
    /// The app's first administrator, in whose name an administrator of the console acts; the console has checked that one
    /// asks. `None` for an app without administrators.
    pub(crate) fn of_console(app: Arc<App>) -> Option<Self> {
        let account = app.admins.first()?.clone();
        Some(Self { app, account })
    }

    pub(crate) fn app(&self) -> &App {
        &self.app
    }

    pub(crate) fn into_parts(self) -> (Arc<App>, UserId) {
        (self.app, self.account)
    }
}

/// The administrator that signed a request.
pub(crate) async fn administrator(
    server: &Arc<Server>,
    query: &str,
    from: &Caller,
    now: Timestamp,
    internal: Code,
) -> Result<Administrator, Failure> {
    let (app, account, _) = signed(server, query, from, now, internal).await?;
    if !app.has_admin(account.as_str()) {
        return Err(Code::AdminRequired.because("identifier is not an administrator of this app"));
    }
    Ok(Administrator { app, account })
}

/// The app and the account that signed, which may be any. `internal` is the code for a store that cannot be read.
pub(crate) async fn signed(
    server: &Arc<Server>,
    query: &str,
    from: &Caller,
    now: Timestamp,
    internal: Code,
) -> Result<(Arc<App>, UserId, Verified), Failure> {
    let query = Query::parse(query);
    let number = query.sdkappid.ok_or_else(|| Code::AppMissing.because("sdkappid is missing in the URL"))?;
    let app = number.parse().ok().and_then(|number| server.apps.get(AppId(number))).ok_or_else(|| {
        let problem = if number.is_empty() { "is empty in the URL" } else { "is not an app of this server" };
        Code::AppUnknown.because(format!("sdkappid {problem}"))
    })?;
    let absence = if query.identifier.is_none() { "is missing in the URL" } else { "is empty in the URL" };
    let identifier = query.identifier.unwrap_or_default();
    let usersig = query.usersig;
    let Some(account) = UserId::parse(&identifier) else {
        let problem = if identifier.is_empty() { absence } else { "in the URL is not an account name" };
        return Err(Code::IdentifierIllegal.because(format!("identifier {problem}")));
    };
    let usersig = usersig.ok_or_else(|| Code::UserSigMissing.because("usersig is missing in the URL"))?;
    let remembered = app.signatures.get(&identifier, &usersig, now);
    let verified = if let Some(verified) = remembered {
        verified
    } else {
        // Taken before the store is read: a kick in between invalidates the ticket.
        let ticket = app.signatures.ticket();
        let network = server.http.exempt_addresses.counted(from.address);
        if !server.failures.may_try(network) {
            let text = "too many UserSigs from this address were refused; try again in a minute";
            return Err(Code::UserSigTooManyFailures.because(text));
        }
        let verified = usersig::verify(&usersig, app.id, &identifier, &app.key, now);
        let verified = verified.map_err(|refused| {
            if !refused.is_genuine {
                server.failures.count(network);
            }
            refused_signature(refused.problem)
        })?;
        let signatures_from = server.store.signatures_from(app.id, account.clone()).await;
        if verified.made < signatures_from.map_err(|error| internal.internal(error))? {
            return Err(
                Code::UserSigRevoked.because("usersig was made before the account was kicked; make another")
            );
        }
        app.signatures.remember(ticket, &identifier, &usersig, verified);
        verified
    };
    from.pace.set_authenticated();
    Ok((app, account, verified))
}

fn refused_signature(problem: Problem) -> Failure {
    let code = match &problem {
        Problem::Empty => Code::UserSigEmpty,
        Problem::Malformed(_) => Code::UserSigMalformed,
        Problem::WrongApp => Code::UserSigWrongApp,
        Problem::WrongIdentifier => Code::UserSigWrongUser,
        Problem::Expired => Code::UserSigExpired,
        Problem::WrongSignature => Code::UserSigWrongKey,
    };
    code.because(problem.to_string())
}
