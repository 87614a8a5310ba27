# links.pl PAGE...: for Markdown pages that go into a package, which has only some of the project's files. A link to a
# file that is not there becomes its text, and one to the header leads to where the package has it.
use strict;
use warnings;
use File::Basename;

# link_or_text FOLDER TEXT TARGET ANCHOR: what stands for a link in a page of this folder.
sub link_or_text {
    my ($folder, $text, $target, $anchor) = @_;
    return "[$text](/usr/include/machineid.h)" if $target =~ m{^(\.\./)?include/machineid\.h$};
    return $text unless $target eq '' || $target =~ m{^https?:} || -e "$folder/$target";
    return "[$text]($target$anchor)";
}

local $/;
for my $page (@ARGV) {
    my $folder = dirname $page;
    open my $file, '<', $page or die "$page: $!\n";
    my $text = <$file>;
    close $file;
    $text =~ s{\[([^]]*)\]\(([^)#]*)(#[^)]*)?\)}{link_or_text($folder, $1, $2, $3 // '')}ge;
    open $file, '>', $page or die "$page: $!\n";
    print $file $text;
    close $file or die "$page: $!\n";
}
