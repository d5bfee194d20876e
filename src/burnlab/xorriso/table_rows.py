"""The rows of the table: every command, in the order that `-x` sorts a program's arguments to.

A row is `name[,alias...] | parameters | module | summary`. Parameters are a number, or `*` for a
list that ends at the list delimiter (`1*`: behind one word that is taken as it is).
The handler is found in that module of `burnlab.xorriso.commands` by the command's name. Lines with
`#` are the groups that `-list_arg_sorting` shows; their wording is what programs see.
"""

from __future__ import annotations

from typing import Final

ROWS: Final = """
x | 0 | control | Sort the commands of the argument list by their usual order before they run
# Support for frontend programs via stdin and stdout (1):
prog | 1 | about | Name the program calls itself in messages
prog_help | 1 | about | Name the program, print the usage text and end
# Exception processing:
abort_on | 1 | control | Severity of an event at which the program gives up
return_with | 2 | control | Severity that makes the exit value differ from zero, and that value
report_about | 1 | control | Least severity of events that are shown
signal_handling | 1 | control | What happens on signals like that of Ctrl-C
error_behavior | 2 | settings | Go on or give up on errors in loading and extracting
# Scripting, dialog and program control features (1):
no_rc | 0 | control | Read no startup files; only as the first argument
help | 0 | about | Print a list of all commands
version | 0 | about | Print the identity and version of the program
list_extras | 1 | about | Tell which optional features are there
list_arg_sorting | 0 | about | Print the order that -x sorts commands into
temp_mem_limit | 1 | settings | Bound of memory for temporary buffers
backslash_codes | 1 | control | Interpret backslash codes in words and results
errfile_log | 2 | control | Write paths of unreadable files to a file or channel
session_log | 1 | control | File that gets a line for each written session
scsi_log | 1 | control | Show the commands that drives get
options_from_file | 1 | control | Run the command lines of a file
list_delimiter | 1 | control | Word that ends lists of parameters, instead of --
print | 1 | control | Print a line on the result channel
print_info | 1 | control | Print a line on the info channel
print_mark | 1 | control | Print a line on the mark channel
prompt | 1 | control | Print a line and wait for Enter
sleep | 1 | control | Wait some seconds
sh_style_result | 1 | settings | Print paths without quotation marks where a shell tool would
# Influencing opening of drives:
drive_access | 1 | settings | Open drives exclusively or shared, for writing or reading only
drive_class | 2 | settings | Path patterns of harmless, cautioned and banned drives
early_stdio_test | 1 | settings | Test plain files for access when they become a drive
# Drive and media related inquiry actions (1):
devices | 0 | drives | List the recorders that can be reached
device_links | 0 | drives | List the recorders by the links that lead to them
mount_opts | 1 | settings | Options for -mount and -mount_cmd
mount_cmd | 4 | inquiry | Print the shell command that mounts a session
session_string | 4 | inquiry | Print facts of a session by a format text
# Influencing the behavior of image loading:
read_speed | 1 | settings | Speed of reading from the drive
load | 2 | drives | Which session of the medium gets loaded
displacement | 1 | settings | Blocks by which addresses in the image are off
read_fs | 1 | settings | Which tree of the image gets loaded
assert_volid | 2 | settings | Refuse images whose volume id doesn't match
in_charset | 1 | settings | Character set of names in the loaded image
auto_charset | 1 | settings | Learn the character set from the loaded image
hardlinks | 1 | settings | Record and restore hard links
acl | 1 | settings | Record and restore access control lists
xattr | 1 | settings | Record and restore extended attributes
md5 | 1 | settings | Record MD5 sums, and check them when an image is loaded
for_backup | 0 | settings | All fidelity: hard links, ACL, xattr, MD5
ecma119_map | 1 | settings | How names become legible from a bare ISO 9660 tree
joliet_map | 1 | settings | How names become legible from a Joliet tree
disk_dev_ino | 1 | settings | Record device and inode of disk files to make updates fast
rom_toc_scan | 1 | settings | Search for sessions on media that don't tell them
calm_drive | 1 | settings | Let the drive spin down between jobs
ban_stdio_write | 0 | drive_settings | Write to real drives only, for the rest of the run
data_cache_size | 2 | settings | Size of the cache of blocks that were read
scsi_dev_family | 1 | settings | Which device files stand for drives
iso_nowtime | 1 | settings | Pin the time that counts as now
# Character sets:
charset | 1 | settings | Character set of names for reading and writing
local_charset | 1 | settings | Character set of names on disk and terminal
# Acquiring source and target drive:
dev | 1 | drives | Take a drive for reading and writing and load its image
indev | 1 | drives | Take a drive for reading and load its image
outdev | 1 | drives | Take a drive for writing
# Drive and media related inquiry actions (2):
list_profiles | 1 | media | List the kinds of media that a drive knows
list_formats | 0 | media | List the sizes that a medium can be formatted to
list_speeds | 0 | media | List the speeds of drive and medium
toc | 0 | inquiry | Print the table of contents of the media
toc_of | 1 | inquiry | Print the table of contents of one drive
pvd_info | 0 | inquiry | Print ids and dates of the loaded image
report_system_area | 1 | inquiry | Report what the first 16 blocks hold
report_el_torito | 1 | inquiry | Report the boot catalog
# Settings for file insertion:
file_name_limit | 1 | settings | Longest name of a file in the image
file_size_limit | * | settings | Largest file that gets into the image
not_mgt | 1 | exclusions | Rule how exclusion lists are used
not_paths | * | exclusions | Exclude disk paths
not_leaf | 1 | exclusions | Exclude disk files whose name matches a pattern
not_list | 1 | exclusions | Exclude the paths and patterns in a file
quoted_not_list | 1 | exclusions | Exclude the paths and patterns in a file of quoted words
follow | 1 | settings | Where symbolic links and mount points are followed
pathspecs | 1 | settings | Read TARGET=SOURCE words in -add
overwrite | 1 | settings | Whether files in the image may be replaced
split_size | 1 | settings | Largest part that big files are cut into
# Navigation in ISO image and disk filesystem (1):
cd,cdi | 1 | listing | Change the working directory in the image
cdx | 1 | listing | Change the working directory on disk
pwd,pwdi | 0 | listing | Print the working directory in the image
pwdx | 0 | listing | Print the working directory on disk
# Inserting files into ISO image:
disk_pattern | 1 | settings | Where patterns are expanded to disk paths
add_plainly | 1 | control | Take unknown words as paths to add
mkdir,mkdiri | * | edit | Make directories in the image
lns,lnsi | 2 | edit | Make a symbolic link in the image
add | * | insert | Add disk files and trees under their own path
path_list | 1 | insert | Add the disk paths in a file
quoted_path_list | 1 | insert | Add the disk paths in a file of quoted words
map | 2 | insert | Put a disk file or tree at a path in the image
map_single | 2 | insert | Put one disk file, without what is below it, at a path in the image
map_l | * | insert | Put several disk files at paths with another prefix
update | 2 | update | Bring a file in the image up to that on disk
update_r | 2 | update | Bring a tree in the image up to that on disk
update_l | * | update | Bring trees up to date, by disk paths with another prefix
update_li | * | update | The same, with patterns expanded in the image
update_lx | * | update | The same, with patterns expanded on disk
update_lxi | * | update | The same, with patterns expanded on disk and in the image
cut_out | 4 | insert | Put an interval of a disk file at a path in the image
cpr,cpri | * | insert | Add disk files like cp -r
clone | 2 | edit | Copy a tree within the image
cp_clone | * | edit | Copy files and trees within the image like cp -r
# Navigation in ISO image and disk filesystem (2):
ls,lsi | * | listing | List files in the image
lsd,lsdi | * | listing | List files, directories not by their contents
lsl,lsli | * | listing | List files with their attributes
lsdl,lsdli | * | listing | List files with their attributes, directories not by their contents
lsx | * | listing | List files on disk
lsdx | * | listing | List files on disk, directories not by their contents
lslx | * | listing | List files on disk with their attributes
lsdlx | * | listing | List files on disk with attributes, directories not by their contents
getfacl,getfacli | * | listing | Print access control lists
getfacl_r,getfacl_ri | * | listing | Print access control lists of trees
getfattr,getfattri | * | listing | Print extended attributes
getfattr_r,getfattr_ri | * | listing | Print extended attributes of trees
du,dui | * | listing | Print the sizes of directories in blocks
dus,dusi | * | listing | Print the sizes of the given files in blocks
dux | * | listing | Print the sizes of directories on disk
dusx | * | listing | Print the sizes of the given files on disk
findx | * | find | Search a tree on disk
compare | 2 | compare | Compare a file on disk with one in the image
compare_r | 2 | compare | Compare a tree on disk with one in the image
compare_l | * | compare | Compare trees by paths with another prefix
show_stream | * | listing | Print how the content of files is filtered
show_stream_r | * | listing | Print how the content of files of a tree is filtered
# File manipulations:
iso_rr_pattern | 1 | settings | Where patterns are expanded to paths in the image
rm,rmi | * | edit | Remove files
rm_r,rm_ri | * | edit | Remove files and trees
rmdir,rmdiri | * | edit | Remove empty directories
move | 2 | edit | Rename exactly one file
mv,mvi | * | edit | Rename files or move them into a directory
chown,chowni | 1* | edit | Set the owner of files
chown_r,chown_ri | 1* | edit | Set the owner of trees
chgrp,chgrpi | 1* | edit | Set the group of files
chgrp_r,chgrp_ri | 1* | edit | Set the group of trees
chmod,chmodi | 1* | edit | Set the permissions of files
chmod_r,chmod_ri | 1* | edit | Set the permissions of trees
setfacl,setfacli | 1* | edit | Set access control lists
setfacl_r,setfacl_ri | 1* | edit | Set access control lists of trees
setfacl_list,setfacl_listi | * | edit | Set access control lists from a listing
setfattr,setfattri | 2* | edit | Set extended attributes
setfattr_r,setfattr_ri | 2* | edit | Set extended attributes of trees
setfattr_list,setfattr_listi | * | edit | Set extended attributes from a listing
alter_date | 2* | edit | Set times of files
alter_date_r | 2* | edit | Set times of trees
hide | 1* | edit | Hide files from one of the trees
# Filters for data file content:
external_filter | * | filters | Define a program that filters contents
unregister_filter | 1 | filters | Forget a filter
close_filter_list | 0 | filters | Allow no further filters
set_filter | * | filters | Filter the content of files
set_filter_r | * | filters | Filter the content of the files of trees
# Tree traversal command -find:
find,findi | * | find | Search a tree in the image and do something with what is found
# osirrox ISO-to-disk restore options:
osirrox | 1 | extraction | Allow extraction to disk, and say how
extract | 2 | extraction | Copy a tree from the image to disk
extract_single | 2 | extraction | Copy one file from the image to disk
extract_l | * | extraction | Copy trees from the image to paths with another prefix
extract_cut | 4 | extraction | Copy an interval of a file to disk
extract_boot_images | 1 | extraction | Copy the boot equipment to disk
cpx | * | extraction | Copy files to disk like cp
cpax | * | extraction | Copy files with their attributes to disk
cp_rx | * | extraction | Copy trees to disk like cp -r
cp_rax | * | extraction | Copy trees with their attributes to disk
paste_in | 4 | extraction | Copy a file of the image into an interval of a disk file
concat | * | extraction | Write contents one after another to a file or program
mount | 4 | inquiry | Mount a session
# Settings for result writing:
rockridge | 1 | settings | Write Rock Ridge information
joliet | 1 | settings | Write a Joliet tree too
hfsplus | 1 | settings | Write an HFS+ tree too
compliance | 1 | settings | How close the image keeps to the standards
rr_reloc_dir | 1 | settings | Directory for directories that are nested too deep
volid | 1 | ids | Set the volume id
volset_id | 1 | ids | Set the volume set id
publisher | 1 | ids | Set the publisher id
application_id | 1 | ids | Set the application id
system_id | 1 | ids | Set the system id
volume_date | 2 | ids | Set a date of the volume
copyright_file | 1 | ids | Name the file with the copyright
abstract_file | 1 | ids | Name the file with the abstract
biblio_file | 1 | ids | Name the file with the bibliography
preparer_id | 1 | ids | Set the id of who prepared the image
application_use | 1 | ids | Fill the field for application use
out_charset | 1 | settings | Character set of names in the written image
read_mkisofsrc | 0 | emulation | Read ids from mkisofs' startup file
uid | 1 | settings | Owner of all files in the written image
gid | 1 | settings | Group of all files in the written image
zisofs | 1 | filters | Set up transparent compression
speed | 1 | settings | Speed of writing
stream_recording | 1 | settings | Write without the drive's slow verification
dvd_obs | 1 | settings | Size of write transactions to DVD and BD
modesty_on_drive | 1 | settings | Pause when the drive's buffer is full
use_immed_bit | 1 | settings | Let long drive commands run in the background
stdio_sync | 1 | settings | How often written data are forced to disk
dummy | 1 | settings | Simulate writing
fs | 1 | settings | Size of the buffer between producer and drive
close | 1 | settings | Close the medium after writing
padding | 1 | settings | Blocks that are added to the image
write_type | 1 | settings | Write track at once or session at once
grow_blindly | 1 | drive_settings | Make an add-on session for a known address
pacifier | 1 | control | Style and pace of progress messages
scdbackup_tag | 2 | settings | Append a record for the backup tool scdbackup
# Bootable ISO images:
boot_image | 2 | boot | Set up what boots from the image
append_partition | 3 | boot | Append a partition after the image
# Jigdo Template Extraction:
jigdo | 2 | filters | Write jigdo files
# Command compatibility emulations:
as | 1* | emulation | Behave like mkisofs or cdrecord for some words
# Scripting, dialog and program control features (2):
history | 1 | status | Put a line into the history of typed lines
status_history_max | 1 | settings | Length of the history that -status shows
status | 1 | status | Print settings as commands that would set them
# Drive and media related inquiry actions (3):
print_size | 0 | inquiry | Print how large the image will get
tell_media_space | 0 | inquiry | Print what fits on the medium
# Writing the result, drive control:
format | 1 | media | Format the medium
blank | 1 | media | Blank the medium
truncate_overwritable | 3 | media | Make an older session the current one
close_damaged | 1 | media | Close a track that was damaged
rollback | 0 | commit | Discard changes and load the image again
changes_pending | 1 | commit | Tell or override whether there is something to write
commit | 0 | commit | Write pending changes now
commit_eject | 1 | commit | Write pending changes, then eject
eject | 1 | drives | Eject the medium
# Evaluation of readability and recovery:
check_media_defaults | * | checks | Set what -check_media starts from
check_media | * | checks | Read the medium and check its blocks and sums
check_md5 | 1* | checks | Check files or the session by their MD5
check_md5_r | 1* | checks | Check trees by their MD5
# Support for frontend programs via stdin and stdout (2):
pkt_output | 1 | control | Put all channels on standard output, with marks
logfile | 2 | control | Copy a channel into a file
mark | 1 | control | Text that is sent when the program waits for input
msg_op | 2 | about | Parse and compare messages for frontends
# Dialog mode control:
dialog | 1 | control | Read further commands from standard input
page | 2 | control | Size of the page after which printing pauses
use_readline | 1 | control | Edit lines in the dialog
reassure | 1 | control | Ask before something is lost
# Support for frontend programs via stdin and stdout (3):
launch_frontend | * | control | Run a program that controls this one
named_pipe_loop | 4 | control | Be controlled through named pipes
# Scripting, dialog and program control features (3):
rollback_end | 0 | control | End without writing
end | 0 | control | End, after writing pending changes
"""

OWN_ROWS: Final = """
json | 1 | control | Print results and messages as JSON lines
"""
"""Commands that xorriso doesn't have. They sort behind the exceptions."""

WITHOUT_EFFECT: Final = "kept for -status, but files and emulated drives know nothing of it"

LIMITS: Final = {
    "md5": "stability_check is kept for -status, but files are read once",
    "list_extras": "features that are not built are told as such",
    "temp_mem_limit": "kept for -status, but patterns have no other limit than memory",
    "scsi_log": "kept for -status, but no commands are shown",
    "msg_op": "list_sev and compare_sev only",
    "page": "kept for -status, but nothing is paged",
    "reassure": "kept for -status, but nothing is asked",
    "find": "no HFS+ attributes, filters, hidden files, sort weights; -damaged matches nothing",
    "osirrox": "auto_chmod, sort_lba, strict_acl, concat_split and o_excl are kept for -status only",
    "follow": "limit is kept for -status; loops are told by device and inode",
    **dict.fromkeys(
        (
            "read_speed",
            "calm_drive",
            "data_cache_size",
            "scsi_dev_family",
            "dvd_obs",
            "use_immed_bit",
        ),
        WITHOUT_EFFECT,
    ),
}
"""What commands that are built lack."""
