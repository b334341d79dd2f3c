import type { Friend, Profile } from '../models.js';

type Json = Record<string, any>;

/** Fields of a profile, by their tag. */
const TAGS: Record<string, keyof Profile> = {
  Tag_Profile_IM_Nick: 'nick',
  Tag_Profile_IM_Gender: 'gender',
  Tag_Profile_IM_BirthDay: 'birthday',
  Tag_Profile_IM_Location: 'location',
  Tag_Profile_IM_SelfSignature: 'selfSignature',
  Tag_Profile_IM_AllowType: 'allowType',
  Tag_Profile_IM_Language: 'language',
  Tag_Profile_IM_Image: 'avatar',
  Tag_Profile_IM_MsgSettings: 'messageSettings',
  Tag_Profile_IM_AdminForbidType: 'adminForbidType',
  Tag_Profile_IM_Level: 'level',
  Tag_Profile_IM_Role: 'role',
};

export const ALL_TAGS = Object.keys(TAGS);

const CUSTOM = 'Tag_Profile_Custom_';

export const newProfile = (userID: string): Profile => ({
  userID,
  nick: '',
  gender: 'Gender_Type_Unknown',
  birthday: 0,
  location: '',
  selfSignature: '',
  allowType: 'AllowType_Type_AllowAny',
  language: 0,
  avatar: '',
  messageSettings: 0,
  adminForbidType: 'AdminForbid_Type_None',
  level: 0,
  role: 0,
  lastUpdatedTime: 0,
  profileCustomField: [],
});

/** Takes fields of a profile; says whether one of them is another now. */
export function updateProfile(profile: Profile, items: Json[] | undefined): boolean {
  let changed = false;
  for (const { Tag, Value } of items ?? []) {
    const name = TAGS[Tag];
    if (name !== undefined) {
      changed ||= profile[name] !== Value;
      (profile as Json)[name] = Value;
    } else if (String(Tag).startsWith(CUSTOM)) {
      const field = profile.profileCustomField.find((one) => one.key === Tag);
      changed ||= field?.value !== Value;
      if (field) field.value = Value;
      else profile.profileCustomField.push({ key: Tag, value: Value });
    }
  }
  if (changed) profile.lastUpdatedTime = Math.floor(Date.now() / 1000);
  return changed;
}

/** What an app changes of its profile, as the server takes it. */
export function profileItems(options: Json): Json[] {
  const items: Json[] = [];
  for (const [Tag, name] of Object.entries(TAGS)) {
    if (options[name] !== undefined) items.push({ Tag, Value: options[name] });
  }
  for (const { key, value } of options.profileCustomField ?? []) items.push({ Tag: key, Value: value });
  return items;
}

/** A friend, from the values that are kept of it. */
export function friendOf(userID: string, items: Json[], profile: Profile): Friend {
  const value = (tag: string) => items.find((item) => item.Tag === `Tag_SNS_IM_${tag}`)?.Value;
  const custom = items.filter((item) => String(item.Tag).startsWith('Tag_SNS_Custom_'));
  return {
    userID,
    remark: value('Remark') ?? '',
    groupList: value('Group') ?? [],
    source: value('AddSource') ?? '',
    wording: value('AddWording') ?? '',
    timeStamp: value('AddTime') ?? 0,
    profile,
    friendCustomField: custom.map((item) => ({ key: item.Tag, value: item.Value })),
  };
}
